"""Label-efficient segmentation on the prior's activations."""
