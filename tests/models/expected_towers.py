"""What is to be found in the tiny models of one tower, and of two that are compared."""

from tests.models.opened import Stacks

# Two layers each, four matrices of attention, and an MLP of two, or of three with a gate.
VISION, LLAMA = 2 * (4 + 2), 2 * (4 + 3)
CLASSIFIERS: dict[str, Stacks] = {
    "ViT": {"vision": {"vit.layers": VISION}},
    "DeiT": {"vision": {"deit.layers": VISION}},
    # Two blocks in each stage, and what joins four places into one between them.
    "Swin": {
        "vision": {
            "swin.encoder.layers.0.blocks": VISION,
            "swin.encoder.layers.0.downsample": 1,
            "swin.encoder.layers.1.blocks": VISION,
        }
    },
}
COMPARED: dict[str, Stacks] = {
    "CLIP": {
        "vision": {"vision_model.encoder.layers": VISION},
        "bridge": {"visual_projection": 1, "text_projection": 1},
        "language": {"text_model.encoder.layers": VISION},
    },
    "SigLIP": {
        "vision": {"vision_model.encoder.layers": VISION},
        "language": {"text_model.encoder.layers": VISION},
    },
}
TEXTS: dict[str, Stacks] = {
    "T5": {"language": {"encoder.block": 2 * (4 + 3), "decoder.block": 2 * (4 + 4 + 3)}},
    "Llama": {"language": {"model.layers": LLAMA}},
    "Llama chat": {"language": {"model.layers": LLAMA}},
}
