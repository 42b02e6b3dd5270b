"""The ways to score, as one explicit list."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Method:
    """A way to measure importance from the global loss."""

    name: str
    title: str
    link: str


METHODS = (Method("zeroth-order", "Zeroth-order (ECoFLaP)", "https://arxiv.org/abs/2310.02998"),)
