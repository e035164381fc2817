"""Pixel-wise guided editing."""
