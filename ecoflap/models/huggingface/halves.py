"""What float16 cannot do, found out before anybody waits for it: operations that are missing, values that overflow."""

import math
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from PIL import Image

from ecoflap.errors import EcoflapError, first_line
from ecoflap.models.base import VisionLanguageModel
from ecoflap.models.placement import best
from ecoflap.texts import Phrase
from ecoflap.types import Loading, Sample

# A picture with all values of grey, and what any kind of model can take for a question and its answer.
SAMPLE = Sample(Image.linear_gradient("L").convert("RGB"), "yes, no", "yes")


@contextmanager
def half_loss(spec: str, loading: Loading) -> Iterator[None]:
    """A first pass in float16 that fails inside the context is put down to the type."""
    try:
        yield
    except EcoflapError as error:
        if error.code != "model_trial" or loading.dtype != "float16":
            raise
        raise _refusal(spec, loading.device, error.facts["reason"]) from error


@torch.no_grad()
def check_loss(model: VisionLanguageModel) -> None:
    """One pass of a model in float16 on a made sample; other types hold what float32 holds, and are not asked.

    Raises:
        EcoflapError: the loss cannot be computed, or is no finite number.
    """
    if model.dtype != torch.float16:
        return
    answer = model.labels[0] if model.labels else SAMPLE.answer
    try:
        value = float(model.loss(model.encode([Sample(SAMPLE.image, SAMPLE.question, answer)])))
    except (RuntimeError, NotImplementedError) as error:
        raise _refusal(model.spec, model.device, first_line(error)) from error
    if not math.isfinite(value):
        raise _refusal(model.spec, model.device, Phrase("models.loss_is", value=value))


def _refusal(spec: str, where: object, reason: object) -> EcoflapError:
    """The sentence on a model that float16 does not suit."""
    return EcoflapError("dtype_no_loss", spec=spec, dtype="float16", where=where or best(), reason=reason)
