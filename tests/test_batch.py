"""Many questions: every row gets the answer that it gets alone, and a bad one hurts no other."""

import pytest

from ecoflap.asking import DENSE, PRUNED
from ecoflap.batch import AT_ONCE, Batch
from ecoflap.data.uploads import Row
from ecoflap.errors import EcoflapError
from ecoflap.types import Answer, Recipe, Sample
from tests.tiny import samples


def rows(count, expected=""):
    return [Row(f"line {i}", question=f"what {i} ?", expected=expected) for i in range(count)]


def opened(batch):
    return lambda number: Sample(None, batch.outcomes[number].row.question, "")


def said(text):
    return lambda asked: [Answer(text.format(sample.question), (), ()) for sample in asked]


def all_of(steps):
    return list(steps)


def test_all_rows_are_asked_a_few_at_once_in_their_order():
    batch, sizes = Batch(rows(2 * AT_ONCE + 3)), []

    def answer(asked):
        sizes.append(len(asked))
        return said("to {}")(asked)

    assert all_of(batch.ask(DENSE, opened(batch), answer)) == [AT_ONCE, 2 * AT_ONCE, 2 * AT_ONCE + 3]
    assert sizes == [AT_ONCE, AT_ONCE, 3]
    assert [outcome.said[DENSE] for outcome in batch.outcomes] == [f"to what {i} ?" for i in range(2 * AT_ONCE + 3)]
    assert batch.left(DENSE) == [] and len(batch.left(PRUNED)) == 2 * AT_ONCE + 3
    assert batch.same() is None


def test_what_was_said_before_is_not_asked_again():
    batch = Batch(rows(3))
    batch.outcomes[1].said[DENSE] = "known"
    asked = []
    all_of(batch.ask(DENSE, opened(batch), lambda few: asked.extend(few) or said("new")(few)))
    assert [sample.question for sample in asked] == ["what 0 ?", "what 2 ?"]
    assert batch.outcomes[1].said[DENSE] == "known"


def test_a_row_that_cannot_be_opened_or_is_refused_keeps_its_problem_and_the_others_are_answered():
    batch = Batch([*rows(4), Row("line 9", problem=EcoflapError("question_empty"))])

    def open_row(number):
        if number == 0:
            raise EcoflapError("picture_broken", name="a.png")
        return opened(batch)(number)

    def answer(asked):
        if any(sample.question == "what 2 ?" for sample in asked):
            raise EcoflapError("question_long", length=900, most=500)
        return said("yes")(asked)

    all_of(batch.ask(DENSE, open_row, answer))
    codes = [outcome.problem and outcome.problem.code for outcome in batch.outcomes]
    assert codes == ["picture_broken", None, "question_long", None, "question_empty"]
    assert [outcome.said.get(DENSE) for outcome in batch.outcomes] == [None, "yes", None, "yes", None]
    assert batch.left(PRUNED) == [1, 3]


def test_a_model_that_is_gone_ends_it():
    def answer(asked):
        raise EcoflapError("model_released", model="old")

    batch = Batch(rows(3))
    with pytest.raises(EcoflapError, match="no longer loaded"):
        all_of(batch.ask(DENSE, opened(batch), answer))
    assert all(outcome.problem is None for outcome in batch.outcomes)


def test_shares_are_over_rows_that_both_answered():
    batch = Batch([*rows(3, "yes"), *rows(2)])
    for outcome, dense, pruned in zip(batch.outcomes, ("yes", "Yes.", "no", "a", "b"), ("yes", "no", "yes", "a", "c")):
        outcome.said.update({DENSE: dense, PRUNED: pruned})
    del batch.outcomes[4].said[PRUNED]
    assert (batch.same().right, batch.same().total) == (2, 4)
    assert [(batch.right(state).right, batch.right(state).total) for state in (DENSE, PRUNED)] == [(2, 3), (2, 3)]
    assert batch.changed() == (1, 1)
    assert Batch(rows(1)).right(DENSE) is None


def test_answers_are_those_that_each_row_gets_alone(engine):
    from ecoflap.allocation import allocate
    from ecoflap.types import ScoreBundle

    asked = samples() * 4
    recipe = Recipe(target=0.5, allocator="uniform")
    allocation = allocate(ScoreBundle("tiny", "shapes", engine.model.layers), recipe)
    for state in ((None, None), (allocation, recipe)):
        batch = Batch([Row(str(i), question=sample.question) for i, sample in enumerate(asked)])
        steps = batch.ask(DENSE, asked.__getitem__, lambda few, to=state: engine.answer(few, *to))
        assert all_of(steps) == [AT_ONCE, len(asked)]
        alone = [engine.answer([sample], *state)[0].text for sample in asked]
        assert [outcome.said[DENSE] for outcome in batch.outcomes] == alone
