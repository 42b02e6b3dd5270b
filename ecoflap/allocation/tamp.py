"""TAMP's layer-wise part (Lee et al., ACL 2025, arXiv 2504.09897): where output tokens differ more, less goes.

Importance of a block is 1 - the mean cosine similarity between its output tokens, those of a picture and of a text
together where the block sees both; it is shared out by ECoFLaP's formula, here for every weight of the block, so that
equal diversity means equal sparsity. TAMP's other part, which input tokens count for Wanda, is not here.
"""

from dataclasses import replace

import numpy as np

from ecoflap.allocation import budget
from ecoflap.allocation.groups import Groups

NEED = "stats.diversity"


def keep(groups: Groups, count: int, cap: float) -> np.ndarray:
    """Weights kept per group, (groups,) int64: a floor under the cap, the rest in proportion to the diversity."""
    return budget.proportional(replace(groups, scores=groups.sizes * groups.mean(NEED)), count, cap)
