"""What was found in a model, in words: towers, blocks, the bridge, and what is left alone."""

from functools import reduce

from ecoflap.models.discovery import Found
from ecoflap.models.kinds import CLASSIFIER, TEXT, VISION_LANGUAGE, ZERO_SHOT
from ecoflap.texts import Phrase

NAMES = {
    "vision": "models.found.name.vision",
    "bridge": "models.found.name.bridge",
    "language": "models.found.name.language",
}
# By kind of model, the parts that everybody expects in it.
HAVE = {VISION_LANGUAGE: tuple(NAMES), CLASSIFIER: ("vision",), ZERO_SHOT: ("vision", "language"), TEXT: ("language",)}


def sentence(found: Found, kind: str = VISION_LANGUAGE) -> Phrase:
    """Which parts were recognised and how many matrices are pruned in each, what is dense, and what is left out.

    That a part has nothing to prune is said only where a model of this `kind` has that part.
    """
    there = {layer.modality for layer in found.layers}
    parts = [_part(found, modality) for modality in NAMES if modality in there or modality in HAVE[kind]]
    experts = dict(found.dense).get("experts", 0)
    if experts:
        parts.append(Phrase("models.found.experts", weights=f"{experts:,}"))
    for key, names in (("models.found.unused", found.unused), ("models.found.uncalled", found.uncalled)):
        if names:
            parts.append(Phrase(key, count=len(names), first=names[0]))
    return reduce(lambda first, then: Phrase("models.found.and", first=first, then=then), parts)


def _part(found: Found, modality: str) -> Phrase:
    """One modality: where it is and how much of it is pruned."""
    layers = [layer for layer in found.layers if layer.modality == modality]
    name = Phrase(NAMES[modality])
    if not layers:
        return Phrase("models.found.none", name=name)
    paths = [path for kind, path in found.towers if kind == modality]
    where = f" ({', '.join(paths)})" if paths else ""
    facts = {"matrices": len(layers), "blocks": len({layer.block for layer in layers})}
    return Phrase("models.found.part", name=name, where=where, **facts)
