"""The page's two public endpoints, with the arguments of the command line."""

from typing import Any, Literal

import gradio as gr

from ecoflap.errors import EcoflapError
from ecoflap.pictures import open_picture
from ecoflap.types import Recipe
from ecoflap.types.pattern import UNSTRUCTURED
from ecoflap.ui.session import uploaded

MODALITIES = ["vision", "language"]


def chosen(modalities: Any) -> Any:
    """A list as the tuple that a recipe holds; anything else as it is, for the recipe to refuse."""
    return tuple(modalities) if isinstance(modalities, list) else modalities


def register(host: Any, language: str) -> None:
    """Add /allocate and /ask to the current Blocks."""

    def allocate(
        target: float = 0.5,
        max_sparsity: float | None = None,
        cap_margin: float = 0.1,
        granularity: Literal["layer", "block", "model"] = "block",
        aggregate: Literal["sum", "avg"] = "sum",
        allocator: str = "ecoflap",
        modalities: list[str] = MODALITIES,
        pattern: Literal["unstructured", "2:4", "4:8"] = UNSTRUCTURED,
        overrides: dict | None = None,
    ) -> dict:
        """Sparsity of every group. Without max_sparsity the cap is min(1, target + cap_margin). Shares are 0 to 1.

        Overrides fix the sparsity of layers, blocks or modalities by name; the rest pays.
        """
        with sentence(language):
            settings = (target, max_sparsity, cap_margin, allocator, granularity, aggregate, chosen(modalities))
            recipe = Recipe(*settings, {} if overrides is None else overrides, pattern=pattern)
            host.explorer.check_scored(recipe)
            found = host.explorer.allocate(recipe)
            return {"target": found.target, "achieved": found.achieved, "groups": found.groups()}

    def ask(
        image: dict | None = None,
        question: str = "",
        target: float = 0.5,
        max_sparsity: float | None = None,
        cap_margin: float = 0.1,
        granularity: Literal["layer", "block", "model"] = "block",
        aggregate: Literal["sum", "avg"] = "sum",
        allocator: str = "ecoflap",
        modalities: list[str] = MODALITIES,
        pruner: str = "wanda",
        pattern: Literal["unstructured", "2:4", "4:8"] = UNSTRUCTURED,
        overrides: dict | None = None,
    ) -> dict:
        """The dense and the pruned model's answer to a question about an uploaded picture.

        A classifier takes no question, a model that reads text alone no picture; a zero-shot model's question lists the
        labels, separated by commas.
        """
        with sentence(language):
            settings = (target, max_sparsity, cap_margin, allocator, granularity, aggregate, chosen(modalities))
            recipe = Recipe(*settings, {} if overrides is None else overrides, pruner=pruner, pattern=pattern)
            picture = None if image is None else open_picture(uploaded(image))
            host.explorer.check_scored(recipe)
            asked = host.explorer.ask(picture, question, recipe)
            return {
                "dense": asked.dense.text,
                "pruned": asked.pruned.text,
                "target": asked.allocation.target,
                "achieved": asked.allocation.achieved,
                "tokens": {
                    side: [list(pair) for pair in zip(answer.tokens, answer.probabilities)]
                    for side, answer in (("dense", asked.dense), ("pruned", asked.pruned))
                },
            }

    gr.api(allocate, api_name="allocate", queue=False)
    gr.api(ask, api_name="ask", concurrency_id="model", concurrency_limit=1)


class sentence:
    """Turns an EcoflapError into the one sentence that a client gets, without a traceback on the server."""

    def __init__(self, language: str) -> None:
        self.language = language

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, EcoflapError):
            raise gr.Error(error.text(self.language), print_exception=False) from error
