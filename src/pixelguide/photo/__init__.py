"""Photographs of any size: their files, the part that is edited, and the way back."""
