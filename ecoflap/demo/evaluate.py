"""How often a model is right: `python -m ecoflap.demo.evaluate --seed S --questions N`."""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from PIL import Image
from transformers import AutoModelForImageTextToText, AutoProcessor

from ecoflap.accuracy import Share, exact_match, share
from ecoflap.demo.questions import KINDS, samples
from ecoflap.types import Sample

DEMO = Path(__file__).parents[2] / "assets" / "demo-model"
LONGEST = 48
GREY = (128, 128, 128)
AnswerAll = Callable[[list[Image.Image], list[str]], list[str]]


@dataclass(frozen=True)
class Accuracy:
    """Exact matches over all samples and per type of question, types in their order of appearance."""

    overall: Share
    by_type: dict[str, Share]


def accuracy(answer: AnswerAll, samples: Sequence[Sample], batch: int = 64) -> Accuracy:
    """How often `answer(pictures, questions)` matches exactly; it is called with at most `batch` at a time.

    Pairs are asked in order of their expected length, so that a batch ends together. ValueError without samples.
    """
    if not samples:
        raise ValueError("No sample to measure on: give at least one.")
    marks: dict[str, list[bool]] = {sample.kind: [] for sample in samples}
    ordered = sorted(samples, key=lambda sample: len(sample.answer))
    for start in range(0, len(ordered), batch):
        part = ordered[start : start + batch]
        found = answer([sample.image for sample in part], [sample.question for sample in part])
        for sample, text in zip(part, found, strict=True):
            marks[sample.kind].append(exact_match(text, sample.answer))
    shares = {kind: share(right) for kind, right in marks.items()}
    return Accuracy(Share(sum(part.right for part in shares.values()), len(samples)), shares)


def blanked(samples: Sequence[Sample]) -> list[Sample]:
    """The same questions about plain grey pictures of the same sizes: what guessing from the words alone yields."""
    return [
        Sample(Image.new("RGB", sample.image.size, GREY), sample.question, sample.answer, sample.kind)
        for sample in samples
    ]


def load_answerer(folder: Path) -> AnswerAll:
    """Greedy answers of the BLIP-2 in the folder, through transformers' own load and generate."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    model = AutoModelForImageTextToText.from_pretrained(folder).to(device).eval()
    processor = AutoProcessor.from_pretrained(folder)

    def answer(pictures: list[Image.Image], questions: list[str]) -> list[str]:
        inputs = processor(images=pictures, text=questions, padding=True, return_tensors="pt").to(device)
        with torch.no_grad():
            tokens = model.generate(**inputs, max_new_tokens=LONGEST, do_sample=False)
        return processor.batch_decode(tokens, skip_special_tokens=True)

    return answer


def main(arguments: list[str] | None = None) -> None:
    """Measure and print, a table for people or one JSON document."""
    options = _parser().parse_args(arguments)
    if not (options.model / "config.json").exists():
        print(f"{options.model} holds no config.json, so it is no model: give a folder that does.", file=sys.stderr)
        sys.exit(2)
    asked = samples("evaluation", options.questions, options.seed, options.kinds)
    found = accuracy(load_answerer(options.model), blanked(asked) if options.blank else asked)
    rows = {"overall": found.overall, **found.by_type}
    if options.format == "json":
        print(
            json.dumps(
                {name: {**vars(row), "accuracy": row.value, "interval": row.interval} for name, row in rows.items()}
            )
        )
        return
    for name, row in rows.items():
        low, high = row.interval
        print(f"{name:12} {row.value:6.1%}  ({low:.1%} to {high:.1%})  {row.right} of {row.total}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m ecoflap.demo.evaluate", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="of the evaluation scenes (default 1)")
    parser.add_argument("--questions", type=int, default=2000, help="how many (default 2000)")
    parser.add_argument("--model", type=Path, default=DEMO, help="folder of the model (default: the demo's)")
    parser.add_argument("--kinds", nargs="+", choices=list(KINDS), help="only these types of question")
    parser.add_argument("--blank", action="store_true", help="ask about grey pictures instead")
    parser.add_argument("--format", choices=("table", "json"), default="table")
    return parser


if __name__ == "__main__":
    main()
