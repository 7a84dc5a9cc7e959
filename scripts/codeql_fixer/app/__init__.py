"""Use cases, one per file. They act through ports only; bootstrap hands the adapters in."""
