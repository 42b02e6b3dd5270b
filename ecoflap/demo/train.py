"""Train the demo model from nothing: `python -m ecoflap.demo.train --out DIR`.

Three stages: vision (pictures to slots), language (slots to answers), joint (pictures to answers). Each stops and goes
on at its checkpoint DIR/<stage>.pt; DIR/curve.jsonl holds the figures on the way, DIR/model the model.
"""

import argparse
import sys
import tempfile
from pathlib import Path

import torch
from transformers import Blip2ForConditionalGeneration

from ecoflap.demo.fit import Pace, Stage, fit, restore
from ecoflap.demo.model import fresh_model, save_model, tokenizer
from ecoflap.demo.pictures import Pictures, load_pictures
from ecoflap.demo.stage_joint import JointStage, connect
from ecoflap.demo.stage_language import LanguageStage
from ecoflap.demo.stage_vision import VisionStage

STAGES = ("vision", "language", "joint")


def main(arguments: list[str] | None = None) -> None:
    """Run the stages asked for and save the model as it stands after the last."""
    options = _parser().parse_args(arguments)
    if options.threads:
        torch.set_num_threads(options.threads)
    model = _first_model(options)
    asked = STAGES if options.stage == "all" else (options.stage,)
    for name in asked:
        {"vision": _vision, "language": _language, "joint": _joint}[name](model, options)
    save_model(model, options.out / "model")


def _first_model(options: argparse.Namespace) -> Blip2ForConditionalGeneration:
    """The untrained model, or the one of --init."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    if options.init:
        model = Blip2ForConditionalGeneration.from_pretrained(options.init, attn_implementation="eager")
        return model.to(device)
    return fresh_model(options.seed).to(device)


def _vision(model: Blip2ForConditionalGeneration, options: argparse.Namespace) -> None:
    stage = VisionStage(model, _pictures(options), options.vision_batch)
    fit(stage, Pace(options.vision_steps, options.rate), options.out, _say)


def _language(model: Blip2ForConditionalGeneration, options: argparse.Namespace) -> None:
    stage = LanguageStage(model, tokenizer(), options.language_batch)
    fit(stage, Pace(options.language_steps, options.rate), options.out, _say)


def _joint(model: Blip2ForConditionalGeneration, options: argparse.Namespace) -> None:
    """Join what the first two stages learnt, then train everything on questions about pictures."""
    pictures = _pictures(options)
    vision = VisionStage(model, pictures, options.vision_batch)
    language = LanguageStage(model, tokenizer(), options.language_batch)
    stage = JointStage(model, vision.learning["heads"], pictures, tokenizer(), options.joint_batch)
    if not (options.out / "joint.pt").exists() and not options.init:
        for part in (vision, language):
            _need(restore(part, options.out), part, options)
        residual = connect(stage, language.learning["slots"])
        _say(f"connected, relative residual {residual:.4f}, before training: {stage.check()}")
        save_model(model, options.out / "model")
    fit(stage, Pace(options.joint_steps, options.joint_rate, average=0.999), options.out, _say)


def _need(step: int, stage: Stage, options: argparse.Namespace) -> None:
    if not step:
        sys.exit(f"{options.out} holds no {stage.name}.pt: run --stage {stage.name} first, or --stage all.")


def _pictures(options: argparse.Namespace) -> Pictures:
    return load_pictures(options.cache, options.pictures, options.seed)


def _say(line: str) -> None:
    print(line, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m ecoflap.demo.train", description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    cache = Path(tempfile.gettempdir()) / "ecoflap-pictures"
    parser.add_argument("--out", type=Path, required=True, help="folder for checkpoints, curve and model")
    parser.add_argument("--init", type=Path, help="model folder to start from instead of nothing")
    parser.add_argument("--stage", choices=("all", *STAGES), default="all", help="what to train")
    parser.add_argument("--cache", type=Path, default=cache, help="folder for the drawn pictures, 28 kB each")
    parser.add_argument("--pictures", type=int, default=80000, help="how many pictures to draw")
    parser.add_argument("--rate", type=float, default=1e-3, help="highest learning rate of the first two stages")
    parser.add_argument("--joint-rate", type=float, default=5e-4, help="highest learning rate of the joint stage")
    for stage, steps, batch, unit in (
        ("vision", 6000, 48, "pictures"),
        ("language", 2800, 160, "questions"),
        ("joint", 3000, 64, "pictures, two questions each"),
    ):
        parser.add_argument(f"--{stage}-steps", type=int, default=steps, help=f"steps of the {stage} stage")
        parser.add_argument(f"--{stage}-batch", type=int, default=batch, help=f"{unit} a step")
    parser.add_argument("--threads", type=int, default=0, help="CPU threads, 0 for all cores")
    parser.add_argument("--seed", type=int, default=0, help="of the first weights and the pictures")
    return parser


if __name__ == "__main__":
    main()
