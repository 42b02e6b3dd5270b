"""What was found in a model, in words: towers, blocks, the bridge, and what is left alone."""

from ecoflap.models.discovery import Found
from ecoflap.texts import say

NAMES = {
    "vision": "models.found.name.vision",
    "bridge": "models.found.name.bridge",
    "language": "models.found.name.language",
}


def sentence(found: Found, language: str = "en") -> str:
    """Which parts were recognised and how many matrices are pruned in each, what is dense, and what no pass uses."""
    parts = [_part(found, modality, language) for modality in NAMES]
    experts = dict(found.dense).get("experts", 0)
    if experts:
        parts.append(say("models.found.experts", language, weights=f"{experts:,}"))
    if found.unused:
        parts.append(say("models.found.unused", language, count=len(found.unused), first=found.unused[0]))
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
