"""The page's public endpoints, with the arguments of the command line; docs/api.md describes them."""

from typing import Any, Literal

import gradio as gr

from ecoflap.errors import EcoflapError
from ecoflap.pictures import open_picture
from ecoflap.types import Recipe
from ecoflap.types.pattern import UNSTRUCTURED
from ecoflap.ui import running_api
from ecoflap.ui.asking import ASK
from ecoflap.ui.jobs import Jobs, waiting
from ecoflap.ui.session import uploaded
from ecoflap.ui.shared import CALLERS

MODALITIES = ["vision", "language"]


def chosen(modalities: Any) -> Any:
    """A list as the tuple that a recipe holds; anything else as it is, for the recipe to refuse."""
    return tuple(modalities) if isinstance(modalities, list) else modalities


def register(host: Any, jobs: Jobs, language: str) -> None:
    """Add /allocate, /ask, /score and /sweep to the current Blocks."""

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
        """Share a sparsity budget out over the model's groups of weights by their importance scores; no model needed.

        Parameters:
            target: share of the prunable weights that becomes zero, 0 to 1.
            max_sparsity: the cap of a group; without it min(1, target + cap_margin).
            cap_margin: how far above the target a group may go.
            granularity: what shares one sparsity: each matrix, each block, or each modality.
            aggregate: a group's score is the sum of its matrices' scores, or that sum per weight.
            allocator: such as ecoflap, response, uniform or owl; docs/methods.md lists all.
            modalities: what is pruned, of vision, bridge, language.
            pattern: which zeros are allowed in a row; 2:4 and 4:8 fix every sparsity at 0.5.
            overrides: name of a layer, block or modality to the sparsity that it is fixed at; the rest pays.

        Returns:
            target, achieved and the sparsity of every group by name.
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
        """Ask the dense and the pruned model the same question about a picture.

        A classifier takes no question, a model that reads text alone no picture; a zero-shot model's question lists the
        labels, separated by commas.

        Parameters:
            image: the picture, uploaded.
            question: about the picture.
            target: share of the prunable weights that becomes zero, 0 to 1.
            max_sparsity: the cap of a group; without it min(1, target + cap_margin).
            cap_margin: how far above the target a group may go.
            granularity: what shares one sparsity: each matrix, each block, or each modality.
            aggregate: a group's score is the sum of its matrices' scores, or that sum per weight.
            allocator: such as ecoflap, response, uniform or owl; docs/methods.md lists all.
            modalities: what is pruned, of vision, bridge, language.
            pruner: wanda, magnitude, ria or sparsegpt.
            pattern: which zeros are allowed in a row; 2:4 and 4:8 fix every sparsity at 0.5.
            overrides: name of a layer, block or modality to the sparsity that it is fixed at; the rest pays.

        Returns:
            dense and pruned answer, target, achieved, and the tokens of both with their probabilities.
        """
        with sentence(language):
            settings = (target, max_sparsity, cap_margin, allocator, granularity, aggregate, chosen(modalities))
            recipe = Recipe(*settings, {} if overrides is None else overrides, pruner=pruner, pattern=pattern)
            picture = None if image is None else open_picture(uploaded(image))
            host.explorer.check_scored(recipe)
            with host.lines[ASK].turn(lambda before: gr.Info(waiting(before, language))):
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
    gr.api(ask, api_name="ask", concurrency_id="callers", concurrency_limit=CALLERS)
    running_api.register(host, jobs, language, sentence, chosen)


class sentence:
    """Turns an EcoflapError into the one sentence that a client gets, without a traceback on the server."""

    def __init__(self, language: str) -> None:
        self.language = language

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, EcoflapError):
            raise gr.Error(error.text(self.language), print_exception=False) from error
