"""EditGAN (Ling et al. 2021, arXiv 2111.03186) on the same data, as a baseline to edit beside."""
