"""Checkpoints of ADM (Dhariwal & Nichol 2021), converted to the form of `diffusers`."""
