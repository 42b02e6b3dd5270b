"""Tensor names in a student's words, and the place of every layer on the map."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from ecoflap.texts import say
from ecoflap.types import Layer

PARTS = ("attention", "cross", "mlp", "channel", "channel_mlp", "other")
# Order of the map's rows inside a part.
OPERATORS = (
    *("query", "key", "value", "qkv", "output"),
    *("gate", "up", "gate_up", "down", "up_text", "down_text", "projection"),
)

_ATTENTION = {
    "query": ("q", "wq", "q_proj", "query"),
    "key": ("k", "wk", "k_proj", "key"),
    "value": ("v", "wv", "v_proj", "value"),
    "qkv": ("qkv", "qkv_proj", "query_key_value", "in_proj"),
    "output": ("o", "wo", "o_proj", "out_proj", "proj", "projection", "dense", "out"),
}
_MLP = {
    "gate": ("wi_0", "gate_proj"),
    "up": ("fc1", "wi", "wi_1", "up_proj", "intermediate", "intermediate_query", "c_fc", "linear_fc1", "dense_h_to_4h"),
    "gate_up": ("gate_up_proj",),
    "down": ("fc2", "wo", "down_proj", "output", "output_query", "c_proj", "linear_fc2", "dense_4h_to_h"),
}
# Part of a path -> page.stack.<word>; the first that is found counts.
_BRIDGES = {
    "qformer": "qformer",
    "resampler": "resampler",
    "perceiver": "perceiver",
    "patch_merger": "patch_merger",
    "merger": "merger",
    "visual_projection": "vision_projection",
    "text_projection": "text_projection",
    "proj": "projection",
    "connector": "projection",
}
# Last parts of a path that say nothing beyond that.
_PLAIN = re.compile(
    r"layers?|blocks?|linear|mlp|proj|projection|projector|connector|merger|merging_layer|deepstack_merger_list"
    r"|(visual|text|language|image|modality|multi_modal|mm)_(projection|projector|proj)"
)


@dataclass(frozen=True)
class Place:
    """Where a layer stands: `stack` (list of blocks) and `depth` in it (0-based, None outside blocks), part, operator.

    `operator` is one of OPERATORS, or a raw name where no rule fits.
    """

    stack: str
    depth: int | None
    part: str
    operator: str


def place_of(layer: Layer) -> Place:
    """The place of one layer, read from its name by rules that hold for the known families."""
    return _place_of(layer.name, layer.block, layer.modality)


# The map, the figures and every language ask for the same names again and again.
@lru_cache(maxsize=4096)
def _place_of(name: str, block: str, modality: str) -> Place:
    found = re.fullmatch(r"(.*)\.(\d+)", block)
    inside = name.removeprefix(block).strip(".")
    if not found:
        part, operator = _operator(name.rsplit(".", 1)[-1])
        plain = part == "other" and (modality == "bridge" or "proj" in name)
        return Place(block, None, part, "projection" if plain else operator)
    part, operator = _operator(inside)
    # InstructBLIP's Q-Former has a second feed-forward for the question beside that of the queries.
    if "qformer" in found[1].lower() and re.match(r"intermediate\.|output\.", inside):
        operator += "_text"
    return Place(found[1], int(found[2]), part, operator)


def _operator(inside: str) -> tuple[str, str]:
    """Part and operator of a name below its block, such as `layer.1.EncDecAttention.q`."""
    low = inside.lower()
    words = [word for word in inside.split(".") if not word.isdigit()]
    attention = "attn" in low or "attention" in low
    part = "mlp" if not attention else "cross" if re.search(r"cross|encdec|encoder_attn", low) else "attention"
    if "channel" in low:  # Florence-2 attends over places, then over channels
        part = "channel" if attention else "channel_mlp"
    # Some names end in a wrapper: `intermediate_query.dense` is what `intermediate_query` says.
    candidates = words[::-1] if attention else [word for word in words[::-1] if word != "dense"]
    for word in candidates[:2]:
        for operator, names in (_ATTENTION if attention else _MLP).items():
            if word in names:
                return part, operator
    return "other", inside or "projection"


def stack_title(stack: str, modality: str, language: str = "en") -> str:
    """What people call a list of blocks: encoder, decoder, Q-Former, stage; empty where the modality says it all."""
    if modality == "language":
        # BLIP's decoder is a BERT, whose own list of blocks is called encoder: the outer word counts.
        sides = [side for side in ("encoder", "decoder") if side in stack]
        return say(f"page.stack.{min(sides, key=stack.index)}", language) if sides else ""
    if modality == "vision":
        if "global" in stack:  # Mllama's last blocks see all tiles of a picture
            return say("page.stack.global", language)
        # A tower of stages has a list of blocks in each, and matrices between them.
        stage = re.search(r"\.(\d+)(\.[a-z_]+)?$", stack)
        return say("page.stack.stage", language, number=int(stage[1]) + 1) if stage else ""
    if modality == "bridge":
        return _bridge_title(stack, language)
    return ""


def _bridge_title(stack: str, language: str) -> str:
    """What the path says it is; with its last part, or that one's number, where several stand side by side."""
    last = stack.rsplit(".", 1)[-1].lower()
    word = next((word for key, word in _BRIDGES.items() if key in stack.lower()), None)
    if word is None:
        return last.replace("_", " ")
    title, number = say(f"page.stack.{word}", language), re.fullmatch(r"linear_(\d+)", last)
    known = any(last in names for names in _MLP.values())
    more = number[1] if number else "" if known or _PLAIN.fullmatch(last) else last.replace("_", " ")
    return f"{title} {more}".strip()


def part_word(part: str, language: str = "en") -> str:
    """Attention, cross-attention or feed-forward; empty for what is neither."""
    return say(f"page.part.{part}", language) if part != "other" else ""


def operator_word(operator: str, language: str = "en") -> str:
    """Query, key, value, ...; a raw name stays as it is."""
    return say(f"page.operator.{operator}", language) if operator in OPERATORS else operator


def block_words(layer: Layer, language: str = "en") -> str:
    """The layer's block in words, such as `Language decoder, block 3`."""
    return _block_words(place_of(layer), layer.modality, language)


@lru_cache(maxsize=4096)
def _block_words(place: Place, modality: str, language: str) -> str:
    tower = say(f"page.modality.{modality}", language)
    title = stack_title(place.stack, modality, language)
    tower = say("page.tower", language, modality=tower, stack=title) if title else tower
    return tower if place.depth is None else say("page.block", language, tower=tower, block=place.depth + 1)


def layer_words(layer: Layer, language: str = "en") -> str:
    """The layer in words, such as `Language decoder, block 3: cross-attention, key`."""
    place = place_of(layer)
    words = filter(None, (part_word(place.part, language), operator_word(place.operator, language)))
    what = say("page.comma", language).join(words)
    return say("page.layer", language, block=block_words(layer, language), what=what)


def group_words(layers: Sequence[Layer], granularity: str, language: str = "en") -> dict[str, str]:
    """Name of every group at a granularity -> what people call it."""
    if granularity == "model":
        return {layer.modality: say(f"page.modality.{layer.modality}", language) for layer in layers}
    if granularity == "block":
        return {layer.block: block_words(layer, language) for layer in layers}
    return {layer.name: layer_words(layer, language) for layer in layers}
