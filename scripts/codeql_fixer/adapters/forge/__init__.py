"""Forges: where repositories live and changes are proposed."""
