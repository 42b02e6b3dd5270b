"""How a model is to be loaded, and how far loading is."""

from collections.abc import Callable
from dataclasses import dataclass

from ecoflap.errors import EcoflapError

DTYPES = ("auto", "float32", "float16", "bfloat16")
DEVICE_MAPS = (None, "auto")
# What a question to a model consists of.
ASKS = ("picture and text", "picture", "text")
# Kinds of models -> what a question to them consists of. A classifier names one of its own labels, a zero-shot model
# one of those that the question lists.
KINDS = {"vision-language": ASKS[0], "classifier": ASKS[1], "zero-shot": ASKS[0], "text": ASKS[2]}


@dataclass(frozen=True)
class Loading:
    """What the user chose of how to load.

    Attributes:
        device: a torch device; None takes the best there is.
        dtype: type of the weights; auto is the checkpoint's on a GPU and float32 on the CPU.
        device_map: auto spreads the weights over all GPUs and main memory; None puts them on `device`.
        trust_remote_code: whether code that comes with the model may run.
    """

    device: str | None = None
    dtype: str = "auto"
    device_map: str | None = None
    trust_remote_code: bool = False

    def __post_init__(self) -> None:
        for name, choices in (("dtype", DTYPES), ("device_map", DEVICE_MAPS)):
            if getattr(self, name) not in choices:
                said = ", ".join(choice for choice in choices if choice)
                raise EcoflapError("not_a_choice", name=name, value=getattr(self, name), choices=said)


@dataclass(frozen=True)
class LoadStep:
    """How far loading is: `what` goes on (download or weights), and how many bytes of it are done, of how many."""

    what: str
    done: int
    total: int | None


# Told how far loading is; returns False to stop it.
LoadProgress = Callable[[LoadStep], bool | None]
