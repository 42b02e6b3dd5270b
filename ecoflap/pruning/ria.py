"""RIA (Zhang et al., Plug-and-Play, ICLR 2024): a weight matters as far as it stands out in its row and its column."""

import torch

# The paper's exponent of the inputs' norms.
POWER = 0.5


def importance(weight: torch.Tensor, input_norm: torch.Tensor) -> torch.Tensor:
    """(|W_ij| / sum of column j + |W_ij| / sum of row i) * ||x_j||^0.5, the sums over |W|; 0 where W_ij is.

    Args:
        weight: (rows, cols).
        input_norm: root of the mean over samples of ||x_j||^2 per input column, (cols,) float32.

    Returns:
        (rows, cols) float32.
    """
    size = weight.float().abs()
    least = torch.finfo(torch.float32).tiny
    relative = size / size.sum(0).clamp_min(least) + size / size.sum(1, keepdim=True).clamp_min(least)
    return relative * input_norm**POWER
