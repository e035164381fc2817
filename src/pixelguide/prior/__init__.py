"""The frozen diffusion model: its network, schedule, training and files."""
