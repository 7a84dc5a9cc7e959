"""CodeQL Fixer: static-analysis findings become verified fixes.

The product is described in docs/ARCHITECTURE.md; this module owns its version only.
"""

__version__ = "0.1.0"
