"""VQA accuracy: published examples, leave-one-out as it is defined, and the interval of marks between 0 and 1."""

import math
import random

import pytest

from ecoflap.accuracy import Share, mean
from ecoflap.engine import Engine
from ecoflap.errors import EcoflapError
from ecoflap.evaluation import METRICS, Questions, evaluate, metric_for
from ecoflap.models import huggingface
from ecoflap.types import Loading, Recipe, Sample
from ecoflap.vqa_accuracy import normalise_vqa, vqa_accuracy
from tests.tiny import samples


@pytest.mark.parametrize(
    ("text", "normalised"),
    [
        # The examples of the published rules.
        ("Yes", "yes"),
        ("dont", "don't"),
        ("girl's", "girl's"),
        ("2:50 pm", "2:50 pm"),
        ("100,978", "100978"),
        ("the cat and a dog on an island", "cat and dog on island"),
        ("Two", "2"),
        ("none", "0"),
        ("ten", "10"),
        ("eleven", "eleven"),
        # A point stays as a decimal point alone, other marks become a blank, or nothing beside one.
        ("St. Louis.", "st louis"),
        ("1.5", "1.5"),
        ("red/white", "red white"),
        ("red - white!", "red white"),
        ("t-shirt", "t shirt"),
        (" on\tthe  left\n", "on left"),
        # Contractions with one of two apostrophes; words that are none.
        ("couldnt've", "couldn't've"),
        ("couldn'tve", "couldn't've"),
        ("he's", "he's"),
        ("well hell ill its were shed", "well hell ill its were shed"),
        ("The", ""),
        ("", ""),
    ],
)
def test_answers_are_normalised_by_the_published_rules(text, normalised):
    assert normalise_vqa(text) == normalised
    assert normalise_vqa(normalised) == normalised


def leave_one_out(answer, references):
    """The definition: over all nine of ten people, min(1, how many of the nine said it / 3), on average."""
    marks = []
    for left_out in range(len(references)):
        nine = [reference for i, reference in enumerate(references) if i != left_out]
        marks.append(min(1.0, sum(normalise_vqa(reference) == normalise_vqa(answer) for reference in nine) / 3))
    return sum(marks) / len(marks)


def test_accuracy_is_the_mean_over_all_nine_of_ten_people():
    chance = random.Random(0)
    for _ in range(300):
        references = [chance.choice(["Red", "red.", "a red", "blue", "two", "2"]) for _ in range(10)]
        answer = chance.choice(["red", "blue", "2", "green"])
        assert vqa_accuracy(answer, references) == pytest.approx(leave_one_out(answer, references), abs=1e-12)


@pytest.mark.parametrize(("agree", "mark"), [(0, 0.0), (1, 0.3), (2, 0.6), (3, 0.9), (4, 1.0), (10, 1.0)])
def test_so_many_who_agree_give_such_a_mark(agree, mark):
    assert vqa_accuracy("Yes!", ["yes"] * agree + ["no"] * (10 - agree)) == pytest.approx(mark)


def test_marks_of_right_and_wrong_have_the_interval_of_a_share():
    for right, total in ((0, 10), (3, 10), (8, 10), (10, 10), (431, 1000)):
        found = mean([1.0] * right + [0.0] * (total - right))
        assert found.interval == pytest.approx(Share(right, total).interval, abs=1e-12)


def test_the_interval_of_other_marks_is_narrower_and_covers_as_often_as_it_says():
    chance = random.Random(1)
    levels, weights = (0.0, 0.3, 0.6, 0.9, 1.0), (3, 1, 1, 2, 5)
    true = sum(level * weight for level, weight in zip(levels, weights)) / sum(weights)
    covered = 0
    for _ in range(2000):
        found = mean(chance.choices(levels, weights, k=60))
        low, high = found.interval
        covered += low <= true <= high
        assert 0 <= low < found.value < high <= 1
    # 95% of 2,000, give or take four standard errors.
    assert abs(covered / 2000 - 0.95) < 4 * math.sqrt(0.95 * 0.05 / 2000)
    assert high - low < Share(round(found.value * 60), 60).interval[1] - Share(round(found.value * 60), 60).interval[0]


def test_marks_all_alike_are_counted_as_right_or_wrong():
    assert mean([0.3] * 10).interval == pytest.approx(Share(3, 10).interval)


def asked(references):
    return [Sample(sample.image, sample.question, "yes", "k", tuple(references)) for sample in samples()]


def test_the_metric_fits_the_samples():
    ten, one = asked(["yes"] * 10), asked([])
    assert metric_for(None, ten).name == "vqa"
    assert metric_for(None, one).name == metric_for(None, [*ten, *one]).name == "exact"
    assert metric_for(None, ten, captions=True).name == "loss"
    assert metric_for("exact", ten).name == "exact"
    with pytest.raises(EcoflapError, match="ten people's answers, and 3 of these samples"):
        metric_for("vqa", [*ten, *one])
    with pytest.raises(EcoflapError, match="metric is 'cider'.*exact, vqa, loss"):
        metric_for("cider", one)


def test_an_evaluation_reports_what_the_metric_says(t5_folder, monkeypatch):
    engine = Engine(huggingface.open_model(str(t5_folder), Loading("cpu")))
    said = engine.model.answer(samples()[:1])[0].text
    rows = asked([said] * 2 + ["something else"] * 8)
    told = [answer.text for answer in engine.model.answer(rows)]
    points = {metric.name: evaluate(engine, Questions(rows), None, Recipe(0.0), metric=metric) for metric in METRICS}
    marks = [0.6 if normalise_vqa(text) == normalise_vqa(said) else 0.0 for text in told]
    assert points["vqa"].marks == pytest.approx(marks)
    assert points["vqa"].overall.value == pytest.approx(sum(marks) / 3)
    assert points["exact"].marks == tuple(text == said for text in told)
    assert points["vqa"].to_json()["by_type"]["k"]["questions"] == 3
    monkeypatch.setattr(engine.model, "answer", None)
    alone = evaluate(engine, Questions(rows), None, Recipe(0.0), metric=METRICS[2])
    assert alone.loss == points["vqa"].loss == points["loss"].loss
    assert alone.to_json()["accuracy"] is None and alone.to_json()["by_type"] == {}
