"""Wires adapters to use cases, as the settings ask: one module per command."""
