"""A twin of Devin's API, v1 and v3, as a server on the loopback: for tests and trials that cost nothing.

Start it with `python -m codeql_fixer.twin.devin`; docs/guides/devin-twin.md is the user's page.
"""
