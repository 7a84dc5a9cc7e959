"""How adapters talk to servers."""
