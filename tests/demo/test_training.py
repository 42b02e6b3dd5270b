"""The stages learn on tiny batches: targets that can be read off, a falling loss, a run that stops and goes on."""

import json
import random

import numpy as np
import pytest
import torch
from torch import nn

from ecoflap.demo.fit import Pace, Stage, fit, restore
from ecoflap.demo.hints import IGNORED, ReadingHints, phrases_in
from ecoflap.demo.model import fresh_model, tokenizer
from ecoflap.demo.pictures import Pictures, item_table
from ecoflap.demo.scenes import Item, Scene, random_scene
from ecoflap.demo.stage_joint import JointStage, connect
from ecoflap.demo.stage_language import LanguageStage
from ecoflap.demo.stage_vision import HELD_OUT, VisionStage
from ecoflap.demo.targets import patch_names, slots_of
from ecoflap.demo.train import main
from ecoflap.demo.words import Phrase

SCENE = Scene((Item("circle", "red", "large", 40, 40, 32), Item("star", "blue", "small", 208, 112, 20)))
TABLE = item_table(SCENE)[None]


class Line(Stage):
    """Fits y = 3 x + noise of the step."""

    name = "line"

    def __init__(self):
        torch.manual_seed(0)
        self.learning = nn.ModuleDict({"line": nn.Linear(1, 1)})
        self.steps = []

    def loss(self, step):
        self.steps.append(step)
        x = torch.linspace(-1, 1, 8)[:, None] + step % 3
        return (self.learning["line"](x).float() - 3 * x).pow(2).mean(), {}

    def check(self):
        return {"slope": self.learning["line"].weight.item()}


def test_slots_say_what_lies_in_each_cell():
    slots = slots_of(TABLE)
    assert slots.present[0].nonzero().flatten().tolist() == [0, 7]
    assert slots.names[0, [0, 7]].tolist() == [[0, 0, 1], [2, 3, 0]]
    assert slots.place[0, 7].tolist() == [0.8125, 0.4375]


def test_patches_inside_an_item_bear_its_names_and_the_others_none():
    names = patch_names(TABLE)[0]
    assert names[1].tolist() == names[9].tolist() == [0, 0, 1]
    assert names[3 * 8 + 6].tolist() == [2, 3, 0]
    assert names[0].tolist() == names[63].tolist() == [6, 4, 2]


def test_hints_find_the_phrases_of_a_question():
    assert phrases_in(["is", "the", "red", "circle", "left", "of", "the", "big", "thing", "?"]) == [
        (3, Phrase(colour="red", shape="circle")),
        (8, Phrase(size="large")),
    ]
    assert phrases_in(["is", "the", "star", "small", "or", "large"]) == [(2, Phrase(shape="star"))]


def test_hints_want_the_number_at_every_noun_and_the_cell_of_the_only_one():
    words = tokenizer()
    hints = ReadingHints(words)
    ids = words(
        ["is the blue star left of the circle ?", "how many things are there ?"], padding=True, return_tensors="pt"
    )
    numbers, cells = hints._targets(ids["input_ids"], [SCENE, SCENE])
    assert [(place, value) for place, value in enumerate(numbers[0].tolist()) if value != IGNORED] == [(3, 1), (7, 1)]
    assert [value for value in cells[0].tolist() if value != IGNORED] == [7, 0]
    assert [value for value in numbers[1].tolist() if value != IGNORED] == [2]
    assert set(cells[1].tolist()) == {IGNORED}


def test_the_rate_warms_up_and_falls_to_a_hundredth():
    pace = Pace(steps=1000, rate=2.0, warm_up=100)
    assert [round(pace.at(step), 3) for step in (0, 49, 99, 100, 550, 1000)] == [0.02, 1.0, 2.0, 2.0, 1.01, 0.02]


def test_a_run_that_stops_goes_on_where_it_was(tmp_path):
    whole, first, second = Line(), Line(), Line()
    fit(whole, Pace(40, 0.1, 5, check_every=10), tmp_path / "whole", lambda line: None)
    stopped = Pace(40, 0.1, 5, check_every=10)
    with pytest.raises(KeyboardInterrupt):
        fit(_interrupted(first, 25), stopped, tmp_path / "parts", lambda line: None)
    fit(second, stopped, tmp_path / "parts", lambda line: None)
    assert second.steps == list(range(20, 40))
    assert torch.equal(second.learning["line"].weight, whole.learning["line"].weight)
    lines = (tmp_path / "parts" / "curve.jsonl").read_text().splitlines()
    assert [json.loads(line)["step"] for line in lines] == [10, 20, 30, 40]


def _interrupted(stage, at):
    loss = stage.loss

    def stop(step):
        if step == at:
            raise KeyboardInterrupt
        return loss(step)

    stage.loss = stop
    return stage


def test_restore_takes_the_averaged_weights(tmp_path):
    stage, other = Line(), Line()
    fit(stage, Pace(30, 0.1, 5, check_every=30), tmp_path, lambda line: None)
    assert restore(other, tmp_path) == 30
    assert torch.equal(other.learning["line"].weight, stage.learning["line"].weight)
    assert restore(Line(), tmp_path / "nothing") == 0


@pytest.fixture(scope="module")
def pictures():
    rng, noise = random.Random(0), np.random.default_rng(0)
    tables = np.stack([item_table(random_scene(rng)) for _ in range(HELD_OUT + 16)])
    return Pictures(noise.integers(0, 255, (len(tables), 3, 96, 96), dtype=np.uint8), tables)


def _falls(stage, steps):
    optimizer = torch.optim.AdamW(stage.learning.parameters(), 1e-3)
    losses = []
    for _ in range(steps):
        loss, _ = stage.loss(1)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses[-1] < 0.8 * losses[0]


def test_each_stage_learns_its_first_batch(pictures):
    model, words = fresh_model(), tokenizer()
    vision, language = VisionStage(model, pictures, 8), LanguageStage(model, words, 32)
    assert _falls(vision, 12)
    assert _falls(language, 12)
    joint = JointStage(model, vision.learning["heads"], pictures, words, 8)
    assert _falls(joint, 12)


def test_connecting_beats_the_untrained_projection(pictures):
    model, words = fresh_model(), tokenizer()
    joint = JointStage(model, VisionStage(model, pictures, 8).learning["heads"], pictures, words, 8)
    assert connect(joint, LanguageStage(model, words, 32).learning["slots"], batches=8) < 1
    assert not any("head" in name for name in model.state_dict() if "lm_head" not in name)


def test_a_stage_that_shares_the_query_tokens_trains_the_models_own(pictures):
    model = fresh_model()
    stage = VisionStage(model, pictures, 4)
    assert any(weight is model.query_tokens for weight in stage.learning.parameters())
    assert model.state_dict().keys() == fresh_model().state_dict().keys()


SMALL = ["--pictures", "16", "--vision-batch", "4", "--language-batch", "16", "--joint-batch", "4"]


def test_the_command_runs_all_stages_and_saves_a_model_that_init_takes(tmp_path, monkeypatch):
    monkeypatch.setattr("ecoflap.demo.stage_vision.HELD_OUT", 8)
    run, more = tmp_path / "run", tmp_path / "more"
    short = [*SMALL, "--vision-steps", "1", "--language-steps", "1", "--joint-steps", "1", "--cache", str(tmp_path)]
    main(["--out", str(run), *short])
    assert {"model", "vision.pt", "language.pt", "joint.pt", "curve.jsonl"} <= {path.name for path in run.iterdir()}
    main(["--out", str(more), "--init", str(run / "model"), "--stage", "joint", *short])
    assert (more / "model" / "model.safetensors").exists()


def test_fewer_pictures_than_are_held_out_are_refused(pictures):
    few = Pictures(pictures.pixels[:HELD_OUT], pictures.items[:HELD_OUT])
    with pytest.raises(ValueError, match="512 pictures are too few, 512 are held out"):
        VisionStage(fresh_model(), few, 8)


def test_joining_without_the_first_stages_says_what_to_run(tmp_path, monkeypatch):
    monkeypatch.setattr("ecoflap.demo.stage_vision.HELD_OUT", 8)
    with pytest.raises(SystemExit, match=r"holds no vision\.pt: run --stage vision first"):
        main(["--out", str(tmp_path), "--stage", "joint", "--cache", str(tmp_path), *SMALL])
