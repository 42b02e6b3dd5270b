"""Magnitude pruning (Han et al., NeurIPS 2015, arXiv 1506.02626): the smallest weights go."""

import torch


def importance(weight: torch.Tensor, input_norm: torch.Tensor | None = None) -> torch.Tensor:
    """|W_ij|, (rows, cols) float32; the inputs do not matter."""
    return weight.float().abs()
