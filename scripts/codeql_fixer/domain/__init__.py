"""Frozen values of the product; they know no file, clock or network."""
