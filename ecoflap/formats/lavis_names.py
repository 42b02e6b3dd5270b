"""Names of BLIP-2's modules and tensors: LAVIS's, and those of Hugging Face's Blip2ForConditionalGeneration.

The classes are salesforce/LAVIS `Blip2T5` and `Blip2OPT`. Not a matter of names is the bias of the vision tower's qkv,
which LAVIS keeps as q_bias and v_bias: see `ecoflap.models.lavis_checkpoint`.
"""

import re
from collections.abc import Collection, Iterable

# (LAVIS, Hugging Face): how a name begins; * is one part of it, the block's number. The first that fits decides.
_SHARED = (
    ("visual_encoder.cls_token.", "vision_model.embeddings.class_embedding."),
    ("visual_encoder.pos_embed.", "vision_model.embeddings.position_embedding."),
    ("visual_encoder.patch_embed.proj.", "vision_model.embeddings.patch_embedding."),
    ("visual_encoder.blocks.*.norm1.", "vision_model.encoder.layers.*.layer_norm1."),
    ("visual_encoder.blocks.*.norm2.", "vision_model.encoder.layers.*.layer_norm2."),
    ("visual_encoder.blocks.*.attn.proj.", "vision_model.encoder.layers.*.self_attn.projection."),
    ("visual_encoder.blocks.*.attn.", "vision_model.encoder.layers.*.self_attn."),
    ("visual_encoder.blocks.", "vision_model.encoder.layers."),
    ("ln_vision.", "vision_model.post_layernorm."),
    ("Qformer.bert.embeddings.LayerNorm.", "qformer.layernorm."),
    ("Qformer.bert.encoder.layer.*.attention.self.", "qformer.encoder.layer.*.attention.attention."),
    ("Qformer.bert.encoder.layer.*.crossattention.self.", "qformer.encoder.layer.*.crossattention.attention."),
    ("Qformer.bert.", "qformer."),
)
_T5 = (("t5_proj.", "language_projection."), ("t5_model.", "language_model."))
_OPT = (("opt_proj.", "language_projection."), ("opt_model.", "language_model."))


def to_hf(name: str) -> str:
    """The Hugging Face name of what LAVIS calls `name`, a module or a tensor; any other name stays as it is."""
    return _renamed(name, (*_SHARED, *_T5, *_OPT))


def to_lavis(names: Collection[str]) -> dict[str, str]:
    """LAVIS's names of the modules of one BLIP-2: Hugging Face's name -> LAVIS's.

    Whether the language model is a T5 or an OPT is seen from its blocks; names of any other model stay as they are.
    """
    for start, language in (("language_model.encoder.block.", _T5), ("language_model.model.decoder.layers.", _OPT)):
        if any(name.startswith(start) for name in names):
            rules = [(hugging_face, lavis) for lavis, hugging_face in (*_SHARED, *language)]
            return {name: _renamed(name, rules) for name in names}
    return {name: name for name in names}


def _renamed(name: str, rules: Iterable[tuple[str, str]]) -> str:
    """`name` with its beginning replaced by the first rule that fits."""
    whole = f"{name}."
    for old, new in rules:
        found = re.match(re.escape(old).replace(r"\*", r"([^.]+)"), whole)
        if found:
            begin = new.replace("*", found[1]) if "*" in new else new
            return f"{begin}{whole[found.end() :]}".removesuffix(".")
    return name
