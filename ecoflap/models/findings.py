"""What was found in a model, in words: towers, blocks, the bridge, and what is left alone."""

from ecoflap.models.discovery import Found
from ecoflap.models.kinds import CLASSIFIER, TEXT, VISION_LANGUAGE, ZERO_SHOT
from ecoflap.texts import say

NAMES = {
    "vision": "models.found.name.vision",
    "bridge": "models.found.name.bridge",
    "language": "models.found.name.language",
}
# By kind of model, the parts that everybody expects in it.
HAVE = {VISION_LANGUAGE: tuple(NAMES), CLASSIFIER: ("vision",), ZERO_SHOT: ("vision", "language"), TEXT: ("language",)}


def sentence(found: Found, language: str = "en", kind: str = VISION_LANGUAGE) -> str:
    """Which parts were recognised and how many matrices are pruned in each, what is dense, and what is left out.

    That a part has nothing to prune is said only where a model of this `kind` has that part.
    """
    there = {layer.modality for layer in found.layers}
    parts = [_part(found, modality, language) for modality in NAMES if modality in there or modality in HAVE[kind]]
    experts = dict(found.dense).get("experts", 0)
    if experts:
        parts.append(say("models.found.experts", language, weights=f"{experts:,}"))
    for key, names in (("models.found.unused", found.unused), ("models.found.uncalled", found.uncalled)):
        if names:
            parts.append(say(key, language, count=len(names), first=names[0]))
    return " ".join(parts)


def _part(found: Found, modality: str, language: str) -> str:
    """One modality: where it is and how much of it is pruned."""
    layers = [layer for layer in found.layers if layer.modality == modality]
    name = say(NAMES[modality], language)
    if not layers:
        return say("models.found.none", language, name=name)
    paths = [path for kind, path in found.towers if kind == modality]
    where = f" ({', '.join(paths)})" if paths else ""
    facts = {"matrices": len(layers), "blocks": len({layer.block for layer in layers})}
    return say("models.found.part", language, name=name, where=where, **facts)
