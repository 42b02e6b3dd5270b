"""ECoFLaP explorer: score a vision-language model once, then see every sparsity at the speed of a slider."""

__version__ = "0.1.0"
