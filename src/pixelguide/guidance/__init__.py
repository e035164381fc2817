"""Alg. 1 of the paper and what it needs; knows pictures of the model's size only."""
