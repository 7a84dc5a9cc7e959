"""Channels: where people, or their programs, hear of alerts."""
