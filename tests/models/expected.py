"""What is to be found in the tiny model of every family, written down from its architecture, and how it is asked."""

from dataclasses import dataclass, field

from tests.models.opened import Stacks


@dataclass(frozen=True)
class Expected:
    """What the suite expects of one family.

    Attributes:
        stacks: modality -> path of a stack of blocks, or of a matrix outside any -> number of prunable matrices.
        prompt: what its processor is given as text where it has no chat template.
        start: a token that opens every answer and counts.
        end: the token that ends an answer.
        idle: names of layers that run although nothing reads what they make.
        fails: why the family does not pass; empty where it does.
    """

    stacks: Stacks = field(default_factory=dict)
    prompt: str = "{question}"
    start: str = ""
    end: str = "</s>"
    idle: tuple[str, ...] = ()
    fails: str = ""


# Two layers each. Attention has four matrices or, with one for queries, keys and values together, two; an MLP has two,
# or three with a gate. A decoder of an encoder-decoder attends twice.
BLIP_VISION = {"vision_model.encoder.layers": 2 * (2 + 2)}
SIGLIP = 2 * (4 + 2)
T5 = {"language_model.encoder.block": 2 * (4 + 3), "language_model.decoder.block": 2 * (4 + 4 + 3)}
OPT = {"language_model.model.decoder.layers": 2 * (4 + 2)}
LLAMA = 2 * (4 + 3)
# Its first layer attends to the picture. InstructBLIP's has a second MLP for the question's words; nothing reads the
# last one's output.
QFORMER = {"qformer.encoder.layer": (4 + 4 + 2) + (4 + 2), "language_projection": 1}
INSTRUCTED = {"qformer.encoder.layer": (4 + 4 + 2 + 2) + (4 + 2 + 2), "language_projection": 1}
UNREAD = ("qformer.encoder.layer.1.intermediate.dense", "qformer.encoder.layer.1.output.dense")
# Only the first of two CLIP layers is used: features are taken before the last one.
LLAVA = {
    "vision": {"model.vision_tower.encoder.layers": 6},
    "bridge": {"model.multi_modal_projector.linear_1": 1, "model.multi_modal_projector.linear_2": 1},
    "language": {"model.language_model.layers": LLAMA},
}
PROJECTED = LLAVA | {"vision": {"model.vision_tower.encoder.layers": SIGLIP}}
QWEN3 = {
    "vision": {"model.visual.blocks": 2 * (2 + 2)},
    "bridge": {
        "model.visual.merger.linear_fc1": 1,
        "model.visual.merger.linear_fc2": 1,
        "model.visual.deepstack_merger_list": 2,
    },
}
IDEFICS = {
    "vision": {"model.vision_model.encoder.layers": SIGLIP},
    "bridge": {"model.connector.modality_projection.proj": 1},
    "language": {"model.text_model.layers": LLAMA},
}

EXPECTED = {
    "BLIP-2 (FlanT5)": Expected({"vision": BLIP_VISION, "bridge": QFORMER, "language": T5}),
    "BLIP-2 (OPT)": Expected({"vision": BLIP_VISION, "bridge": QFORMER, "language": OPT}),
    "InstructBLIP (FlanT5)": Expected({"vision": BLIP_VISION, "bridge": INSTRUCTED, "language": T5}, idle=UNREAD),
    "InstructBLIP (Vicuna)": Expected(
        {"vision": BLIP_VISION, "bridge": INSTRUCTED, "language": {"language_model.model.layers": LLAMA}},
        idle=UNREAD,
    ),
    "BLIP (questions)": Expected(
        {
            "vision": BLIP_VISION,
            "language": {
                "text_encoder.encoder.layer": 2 * (4 + 4 + 2),
                "text_decoder.bert.encoder.layer": 2 * (4 + 4 + 2),
            },
        },
        end="[SEP]",
    ),
    "BLIP (captions)": Expected(
        {"vision": BLIP_VISION, "language": {"text_decoder.bert.encoder.layer": 2 * (4 + 4 + 2)}},
        end="[SEP]",
    ),
    "LLaVA": Expected(LLAVA, prompt="<image>\n{question}"),
    "PaliGemma": Expected(
        {
            "vision": {"model.vision_tower.encoder.layers": SIGLIP},
            "bridge": {"model.multi_modal_projector.linear": 1},
            "language": {"model.language_model.layers": LLAMA},
        },
        prompt="<image>\n{question}",
        end="<eos>",
    ),
    # Five pairs of blocks, each attending once over places and once over channels.
    "Florence-2": Expected(
        {
            "vision": {"model.vision_tower.blocks": 5 * 2 * (2 + 2)},
            "bridge": {"model.multi_modal_projector.image_projection": 1},
            "language": {
                "model.language_model.encoder.layers": 2 * (4 + 2),
                "model.language_model.decoder.layers": 2 * (4 + 4 + 2),
            },
        },
        start="<s>",
    ),
    "LLaVA-NeXT": Expected(LLAVA),
    "Qwen2-VL": Expected(
        {
            "vision": {"model.visual.blocks": 2 * (2 + 2)},
            "bridge": {"model.visual.merger.mlp": 2},
            "language": {"model.language_model.layers": LLAMA},
        },
        end="<|im_end|>",
    ),
    "Qwen2.5-VL": Expected(
        {
            "vision": {"model.visual.blocks": 2 * (2 + 3)},
            "bridge": {"model.visual.merger.mlp": 2},
            "language": {"model.language_model.layers": LLAMA},
        },
        end="<|im_end|>",
    ),
    "Idefics3": Expected(IDEFICS, end="<end_of_utterance>"),
    "SmolVLM": Expected(IDEFICS, end="<end_of_utterance>"),
    # Its projection is no Linear but a parameter of the projector, and stays dense.
    "Gemma 3": Expected(
        {
            "vision": {"model.vision_tower.encoder.layers": SIGLIP},
            "language": {"model.language_model.layers": LLAMA},
        },
        end="<end_of_turn>",
    ),
    "InternVL": Expected(
        {
            "vision": {"model.vision_tower.encoder.layer": SIGLIP},
            "bridge": {"model.multi_modal_projector.linear_1": 1, "model.multi_modal_projector.linear_2": 1},
            "language": {"model.language_model.layers": LLAMA},
        },
        end="<|im_end|>",
    ),
    # One layer over all tiles, and one of three language layers that attends to the picture instead of the text.
    "Mllama": Expected(
        {
            "vision": {
                "model.vision_model.transformer.layers": 2 * (4 + 2),
                "model.vision_model.global_transformer.layers": 4 + 2,
            },
            "bridge": {"model.multi_modal_projector": 1},
            "language": {"model.language_model.layers": 3 * (4 + 3)},
        },
        end="<|eot_id|>",
    ),
    # The merger, and one more for what a block of the vision tower hands to the language model.
    "Qwen3-VL": Expected(QWEN3 | {"language": {"model.language_model.layers": LLAMA}}, end="<|im_end|>"),
    # Its experts are no Linears, and the choice among them is none.
    "Qwen3-VL (experts)": Expected(QWEN3 | {"language": {"model.language_model.layers": 2 * 4}}, end="<|im_end|>"),
    "LLaVA-OneVision": Expected(PROJECTED),
    "Mistral 3": Expected(
        {
            "vision": {"model.vision_tower.transformer.layers": 2 * (4 + 3)},
            "bridge": {"model.multi_modal_projector.patch_merger.merging_layer": 1} | PROJECTED["bridge"],
            "language": {"model.language_model.layers": LLAMA},
        }
    ),
    "Aya Vision": Expected(PROJECTED),
}
