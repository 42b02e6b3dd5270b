"""Wanda (Sun et al., ICLR 2024, arXiv 2306.11695): a weight matters as much as it and its input are large."""

import torch


def importance(weight: torch.Tensor, input_norm: torch.Tensor) -> torch.Tensor:
    """|W_ij| * ||x_j||.

    Args:
        weight: (rows, cols).
        input_norm: root of the mean over samples of ||x_j||^2 per input column, (cols,) float32.

    Returns:
        (rows, cols) float32.
    """
    return weight.float().abs() * input_norm
