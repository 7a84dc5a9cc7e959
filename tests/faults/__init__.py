"""Dispatching under fire: processes that are killed anywhere, services that fail anyhow."""
