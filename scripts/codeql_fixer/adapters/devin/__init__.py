"""Devin (Cognition) as an agent: two generations of its API behind one port; docs/adr/0012-devin-client.md."""
