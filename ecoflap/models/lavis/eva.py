"""Attention of LAVIS's EVA tower with every matrix called.

LAVIS multiplies by the weight of `qkv` without calling the layer, so that nothing sees what goes into it; input norms
are measured there.
"""

from types import MethodType

import torch
from torch import nn


def call_projections(module: nn.Module) -> None:
    """Let all EVA attentions in `module` call their `qkv`; what they compute stays the same but for rounding."""
    from lavis.models.eva_vit import Attention

    for part in module.modules():
        if isinstance(part, Attention) and part.relative_position_bias_table is None:
            part.forward = MethodType(_attend, part)


def _attend(self: nn.Module, x: torch.Tensor, rel_pos_bias: torch.Tensor | None = None) -> torch.Tensor:
    """Self-attention of (samples, tokens, hidden), in evaluation mode."""
    samples, tokens, _ = x.shape
    qkv = self.qkv(x)
    if self.q_bias is not None:
        qkv = qkv + torch.cat([self.q_bias, torch.zeros_like(self.v_bias), self.v_bias]).to(qkv.dtype)
    q, k, v = qkv.view(samples, tokens, 3, self.num_heads, -1).permute(2, 0, 3, 1, 4)
    scores = (q * self.scale) @ k.transpose(-2, -1)
    if rel_pos_bias is not None:
        scores = scores + rel_pos_bias
    return self.proj((scores.softmax(-1) @ v).transpose(1, 2).flatten(2))
