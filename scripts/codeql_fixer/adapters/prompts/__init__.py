"""Prompts: a brief put into words, with everything that strangers wrote fenced as data."""
