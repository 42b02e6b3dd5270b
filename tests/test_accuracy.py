"""Exact match and Wilson intervals against literal values, and an evaluation against a plain loop."""

import pytest

from ecoflap import answering
from ecoflap.accuracy import Share, by_kind, exact_match, normalise
from ecoflap.engine import Engine
from ecoflap.errors import Cancelled
from ecoflap.evaluation import Questions, evaluate
from ecoflap.models import huggingface
from ecoflap.types import Loading, Recipe
from tests.tiny import samples


@pytest.mark.parametrize(
    ("answer", "expected", "right"),
    [("Red", "red", True), (" a  red circle. ", "a red circle", True), ("red", "a red", False), ("", "yes", False)],
)
def test_exact_match_is_about_words(answer, expected, right):
    assert exact_match(answer, expected) is right


def test_normalise_keeps_inner_points():
    assert normalise("1.5 Circles.") == "1.5 circles"


def test_wilson_intervals_as_tabulated():
    assert Share(8, 10).interval == pytest.approx((0.4902, 0.9433), abs=1e-4)
    assert Share(0, 10).interval == pytest.approx((0.0, 0.2775), abs=1e-4)
    assert Share(10, 10).interval == pytest.approx((0.7225, 1.0), abs=1e-4)


def test_shares_per_kind_are_sorted():
    found = by_kind([True, False, True], ["b", "a", "b"])
    assert list(found) == ["a", "b"]
    assert (found["b"].right, found["b"].total) == (2, 2)


def test_an_evaluation_is_a_plain_loop_in_batches(t5_folder):
    engine = Engine(huggingface.open_model(str(t5_folder), Loading("cpu")))
    asked = samples() * 30
    told = [engine.model.answer([sample])[0].text for sample in samples()]
    asked[0] = type(asked[0])(asked[0].image, asked[0].question, told[0], "colour")
    point = evaluate(engine, Questions(asked), None, Recipe(0.0))
    assert point.overall.right == 1
    assert {kind: part.right for kind, part in point.by_type.items()} == {"all": 0, "colour": 1}
    losses, tokens = 0.0, 0
    for sample in asked:
        batch = engine.model.encode([sample])
        count = int((batch["labels"] >= 0).sum())
        losses, tokens = losses + float(engine.model.loss(batch)) * count, tokens + count
    assert point.loss == pytest.approx(losses / tokens, rel=1e-4)


def test_an_evaluation_can_be_cancelled(t5_folder):
    engine = Engine(huggingface.open_model(str(t5_folder), Loading("cpu")))
    with pytest.raises(Cancelled):
        evaluate(engine, Questions(samples()), None, Recipe(0.0), lambda done, total: False)


def test_what_was_read_is_not_read_again(t5_folder, monkeypatch):
    engine = Engine(huggingface.open_model(str(t5_folder), Loading("cpu")))
    expected = evaluate(engine, Questions(samples() * 30), None, Recipe(0.0)).answers
    monkeypatch.setattr(engine.model, "answer", None)
    monkeypatch.setattr(answering, "WAITING", 1)
    told, asked = [], Questions(samples() * 30)
    found = evaluate(engine, asked, None, Recipe(0.0), lambda done, total: told.append((done, total)))
    assert found.answers == expected
    assert told[-1] == (len(expected), len(expected))
    assert told == sorted(told)


def test_a_model_that_reads_anew_gives_the_same_answers(t5_folder, monkeypatch):
    engine = Engine(huggingface.open_model(str(t5_folder), Loading("cpu")))
    expected = evaluate(engine, Questions(samples()), None, Recipe(0.0)).answers
    monkeypatch.setattr(type(engine.model), "_plainly_greedy", False)
    monkeypatch.setattr(engine.model, "continued", None)
    assert evaluate(engine, Questions(samples()), None, Recipe(0.0)).answers == expected
