"""The same network, faster: ways to compute what `network` computes."""
