"""GitHub over its REST API, on github.com or a server of an enterprise; docs/adr/0015-github.md says how."""
