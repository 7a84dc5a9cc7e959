"""Ledgers: a git branch, a directory, memory."""
