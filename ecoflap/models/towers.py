"""Which part of a model sees, which reads and writes, and which lies between: by what it says and customary names."""

import re

from torch import nn

from ecoflap.models.kinds import CLASSIFIER, TEXT, kind_of

VISION_NAMES = ("vision_tower", "visual", "vision_model", "vision_encoder", "image_tower", "visual_encoder")
LANGUAGE_NAMES = (
    "language_model",
    "text_model",
    "text_encoder",
    "text_decoder",
    "t5_model",
    "opt_model",
    "llm_model",
)
# What begins the name of an encoder's input that is a picture.
PICTURES = ("pixel", "flattened_patches")
TOWERS = {CLASSIFIER: "vision", TEXT: "language"}
BRIDGE = re.compile(r"merger|projector|projection|connector|resampler|perceiver|qformer|abstractor", re.IGNORECASE)


def only_modality(model: nn.Module) -> str | None:
    """The modality of a model that is one tower: a classifier of pictures, or what reads text alone."""
    config = getattr(model, "config", None)
    facts = config.to_dict() if hasattr(config, "to_dict") else {}
    return TOWERS.get(kind_of(facts | {"architectures": [type(model).__name__]})) if facts else None


def inside(name: str, root: str) -> bool:
    """Whether the module `name` is `root` or a part of it."""
    return name == root or name.startswith(f"{root}.")


def modality(name: str, vision: str | None, language: list[str]) -> str:
    """Which tower `name` is in; a merger right below the vision tower (Qwen2-VL) is bridge."""
    if vision is not None and inside(name, vision):
        return "bridge" if BRIDGE.search(name.removeprefix(vision).lstrip(".").split(".")[0]) else "vision"
    return "language" if any(inside(name, root) for root in language) else "bridge"


def vision_root(model: nn.Module, paths: dict[nn.Module, str]) -> str | None:
    """Path of the vision tower: what the model itself says, else the first module with a customary name.

    Last comes an encoder that reads pictures and nothing else. What the model says is not taken where it means an
    encoder of pictures and texts together.
    """
    encoder, whole = _asked(model, paths, "get_encoder", modality="image"), _asked(model, paths, "get_encoder")
    if encoder is not None and encoder is not whole and not _reads_text(encoder):
        return paths[encoder]
    named = next((name for name in paths.values() if name.split(".")[-1] in VISION_NAMES), None)
    if named is None and str(getattr(whole, "main_input_name", "")).startswith(PICTURES):
        return paths[whole]
    return named


def _reads_text(encoder: nn.Module) -> bool:
    """Whether a language model is inside."""
    return any(name.split(".")[-1] in LANGUAGE_NAMES for name, _ in encoder.named_modules())


def _asked(model: nn.Module, paths: dict[nn.Module, str], getter: str, **what: str) -> nn.Module | None:
    """What the model says its encoder or decoder is; None where it has none or says that it is the whole."""
    try:
        found = getattr(model, getter)(**what)
    except (AttributeError, TypeError, ValueError, KeyError, NotImplementedError):
        return None
    return found if paths.get(found) else None


def language_roots(model: nn.Module, paths: dict[nn.Module, str], vision: str | None) -> list[str]:
    """Outermost paths of the language towers."""
    named = [name for name in paths.values() if name.split(".")[-1] in LANGUAGE_NAMES]
    asked = (_asked(model, paths, getter) for getter in ("get_decoder", "get_encoder"))
    named += [paths[module] for module in asked if module is not None]
    outside = [name for name in dict.fromkeys(named) if vision is None or not inside(name, vision)]
    return [name for name in outside if not any(other != name and inside(name, other) for other in outside)]
