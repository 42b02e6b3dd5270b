"""Record what LAVIS computes: python -m tests.lavis.record, in LAVIS's environment.

Writes tests/lavis/recorded/: per language model a checkpoint of a tiny random BLIP-2 as LAVIS saves it (NAME.pth), and
LAVIS's loss and inputs (NAME-loss.pth), so that other environments can be held to them without LAVIS.
"""

import tempfile
from pathlib import Path

import torch
from PIL import Image

from tests.torchvision_guard import install

install()

from lavis.models import load_model  # noqa: E402
from lavis.processors.blip_processors import BlipImageEvalProcessor  # noqa: E402

from tests.lavis import makers  # noqa: E402

FOLDER = Path(__file__).parent / "recorded"
QUESTIONS = ["what is there ?", "is there a red circle ?"]
ANSWERS = ["a red circle", "no"]


def record(folder: Path) -> None:
    """Write checkpoints, inputs and losses to `folder`."""
    with tempfile.TemporaryDirectory() as home:
        makers.make(Path(home))
        for name, read in (("blip2_t5", t5), ("blip2_opt", opt)):
            model = drawn(load_model(name, makers.TYPE, is_eval=True))
            torch.save({"model": model.state_dict()}, folder / f"{name}.pth")
            image = torch.randn(2, 3, 16, 16, generator=torch.Generator().manual_seed(1))
            texts = {"text_input": QUESTIONS, "text_output": ANSWERS}
            with torch.no_grad():
                loss = model({"image": image, **texts})["loss"]
            torch.save({"pixel_values": image, "loss": loss, **read(model)}, folder / f"{name}-loss.pth")


def drawn(model):
    """The model with all of its biases and norms drawn too: fresh ones are zeros and ones, which hide a mix-up."""
    source = torch.Generator().manual_seed(2)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() == 1:
                parameter.add_(0.3 * torch.randn(parameter.shape, generator=source))
    return model.float().eval()


def t5(model):
    """Tokens of the questions and of the answers, and the model's own answers on a picture of all greys."""
    question, answer = (model.t5_tokenizer(texts, padding=True, return_tensors="pt") for texts in (QUESTIONS, ANSWERS))
    labels = answer.input_ids.masked_fill(answer.attention_mask == 0, -100)
    tokens = {"input_ids": question.input_ids, "attention_mask": question.attention_mask, "labels": labels}
    process = BlipImageEvalProcessor(image_size=16)
    pixels = torch.stack([process(Image.linear_gradient("L").convert("RGB"))] * len(QUESTIONS))
    answers = model.generate({"image": pixels, "prompt": QUESTIONS}, num_beams=1, max_length=8)
    return tokens | {"questions": QUESTIONS, "answers": answers}


def opt(model):
    """Tokens of the questions, on which LAVIS's loss for OPT is, each with a line end."""
    model.opt_tokenizer.padding_side = "right"
    texts = [f"{question}\n" for question in QUESTIONS]
    text = model.opt_tokenizer(texts, padding=True, truncation=True, max_length=model.max_txt_len, return_tensors="pt")
    labels = text.input_ids.masked_fill(text.input_ids == model.opt_tokenizer.pad_token_id, -100)
    return {"input_ids": text.input_ids, "attention_mask": text.attention_mask, "labels": labels}


if __name__ == "__main__":
    record(FOLDER)
