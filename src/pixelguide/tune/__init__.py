"""Choosing a category's settings from its own labelled pictures."""
