"""A twin of GitHub's REST API as a server on the loopback: repositories, commits, workflows, pull requests, analyses.

Start it with `python -m codeql_fixer.twin.github`; docs/guides/github-twin.md is the user's page.
"""
