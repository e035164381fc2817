"""Measurements behind the documents; run as modules from the repository's root."""
