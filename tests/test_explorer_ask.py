"""Asking through the facade: three states, told while they grow, kept, ended, and surprise at the dense answer."""

import pytest
from PIL import Image

from ecoflap.errors import Cancelled
from ecoflap.explorer import Explorer
from ecoflap.types import Loading, Recipe, Sample
from tests.tiny import Forgetful

PICTURE = Image.new("RGB", (40, 32), "red")
QUESTION = "what is there ?"


@pytest.fixture
def explorer(blip2_folder, sample_folder):
    opened = Explorer.open(str(blip2_folder), None, Loading("cpu"), str(sample_folder))
    assert opened.wait_prepared().ready
    yield opened
    opened.close()


class Heard(list):
    """Everything told, in order."""

    def __call__(self, name, said):
        self.append((name, said))

    def last(self, name):
        return [said for told, said in self if told == name][-1]


def test_every_state_is_told_in_turn_and_is_what_a_plain_question_gets(explorer):
    heard = Heard()
    asked = explorer.ask(PICTURE, QUESTION, Recipe(0.6), Recipe(0.3, allocator="uniform"), heard)
    names = [name for name, _ in heard]
    assert names == sorted(names, key=["dense", "pruned", "pinned"].index) and len(set(names)) == 3
    for name in asked.said:
        steps = [said for told, said in heard if told == name]
        assert steps[0].answer.tokens == () and not steps[0].done
        assert [said.done for said in steps] == [False] * (len(steps) - 1) + [True]
        assert len(steps) > len(steps[-1].answer.tokens), "told in one piece"
        assert steps[-1] == asked.said[name]
    explorer._answers = Forgetful()
    plain = explorer.ask(PICTURE, QUESTION, Recipe(0.6))
    assert (asked.dense, asked.pruned, asked.allocation) == (plain.dense, plain.pruned, plain.allocation)
    assert asked.said["pinned"].answer == explorer.ask(PICTURE, QUESTION, Recipe(0.3, allocator="uniform")).pruned
    assert asked.said["pinned"].allocation.achieved == pytest.approx(0.3, abs=1e-3)


def test_surprise_is_the_loss_of_the_dense_answer_in_each_state(explorer):
    recipe = Recipe(0.6)
    asked = explorer.ask(PICTURE, QUESTION, recipe, tell=Heard())
    sample = Sample(PICTURE, QUESTION, asked.dense.text)
    for name, allocation in (("dense", None), ("pruned", asked.allocation)):
        with explorer.engine.state(allocation, recipe) as model:
            expected = float(model.loss(model.encode([sample])))
        assert asked.said[name].surprise == pytest.approx(expected, rel=1e-4)
    assert explorer.ask(PICTURE, QUESTION, Recipe(0.7)).said["pruned"].surprise is None


def test_what_was_asked_before_is_kept_and_says_so(explorer, monkeypatch):
    recipe = Recipe(0.6)
    first = explorer.ask(PICTURE, QUESTION, recipe, tell=Heard())
    monkeypatch.setattr(type(explorer.engine), "state", None)
    heard = Heard()
    again = explorer.ask(PICTURE, QUESTION, recipe, tell=heard)
    assert [(name, said.kept, said.done) for name, said in heard] == [("dense", True, True), ("pruned", True, True)]
    assert (again.dense, again.pruned) == (first.dense, first.pruned)
    assert again.said["pruned"].surprise == first.said["pruned"].surprise
    silent = explorer.ask(PICTURE, QUESTION, recipe)
    assert (silent.dense, silent.pruned) == (first.dense, first.pruned)


@pytest.mark.parametrize("changed", ["recipe", "question", "picture"])
def test_another_recipe_question_or_picture_is_asked_anew(explorer, changed):
    explorer.ask(PICTURE, QUESTION, Recipe(0.6), tell=Heard())
    recipe = Recipe(0.5) if changed == "recipe" else Recipe(0.6)
    picture = Image.new("RGB", (40, 32), "blue") if changed == "picture" else PICTURE
    asked = explorer.ask(picture, "what ?" if changed == "question" else QUESTION, recipe, tell=Heard())
    assert [said.kept for said in asked.said.values()] == [changed == "recipe", False]


@pytest.mark.parametrize("state", ["dense", "pruned"])
def test_stopping_between_two_tokens_leaves_nothing_behind(explorer, state):
    told = []

    def tell(name, said):
        told.append(name)
        if name == state and said.answer.tokens:
            raise Cancelled

    with pytest.raises(Cancelled):
        explorer.ask(PICTURE, QUESTION, Recipe(0.6), tell=tell)
    assert told[-1] == state
    asked = explorer.ask(PICTURE, QUESTION, Recipe(0.6), tell=Heard())
    assert [said.kept for said in asked.said.values()] == [state == "pruned", False]
