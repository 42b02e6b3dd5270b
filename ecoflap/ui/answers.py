"""What the browser shows of the answers, so far or in the end, as JSON."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ecoflap.accuracy import same_words
from ecoflap.asking import DENSE, PINNED, PRUNED, Said
from ecoflap.models.kinds import CLASSIFIER, ZERO_SHOT
from ecoflap.texts import say
from ecoflap.types import Answer, Recipe
from ecoflap.types.answer import MAX_NEW_TOKENS
from ecoflap.ui.differences import marked, parting, word_numbers

BEGUN = Said(Answer("", (), ()), None)


@dataclass(frozen=True)
class Question:
    """What is asked, of which recipes, and on what.

    Attributes:
        text: as people typed it; empty for a classifier.
        kind: of the model.
        recipes: by the state's name, without the dense one.
        keys: of the recipes' tables, by the same names: what the browser tells recipes apart by.
        place: (device, type of the weights), empty where they are not known.
        problem: why the pinned recipe is not asked; empty where it is, or where none is pinned.
    """

    text: str
    kind: str
    recipes: Mapping[str, Recipe]
    keys: Mapping[str, str]
    place: tuple[str, str] = ("", "")
    problem: str = ""

    @property
    def chosen(self) -> bool:
        """Whether answers are labels, chosen among several."""
        return self.kind in (CLASSIFIER, ZERO_SHOT)


def value(asked: Question, said: Mapping[str, Said], state: str, language: str) -> dict[str, Any]:
    """Everything about one question.

    Args:
        asked: the question.
        said: by the state's name, as far as it goes; what has not begun is missing.
        state: saying, done or stopped.
        language: of the words.
    """
    dense = said[DENSE].answer if DENSE in said and said[DENSE].done else None
    names = [name for name in (PRUNED, PINNED) if name in asked.recipes]
    sides = {name: _pruned(asked, name, said.get(name, BEGUN), dense, language) for name in names}
    return {
        "state": state,
        "question": asked.text,
        "chosen": asked.chosen,
        "same": state == "done" and dense is not None and same_words(said[PRUNED].answer.text, dense.text),
        "settings": _settings(asked, language),
        "problem": asked.problem,
        DENSE: _dense(said.get(DENSE, BEGUN), said.get(PRUNED, BEGUN)),
        **sides,
        **{fact: sides[PRUNED][fact] for fact in ("key", "percent", "achieved")},
    }


def _dense(said: Said, pruned: Said) -> dict[str, Any]:
    """The dense column; its words are compared with the pruned ones as soon as both are there."""
    words = marked(said.answer.text, pruned.answer.text)[0] if pruned.done else _plain(said.answer)
    return _side(said) | {"words": words, "begun": True}


def _pruned(asked: Question, name: str, said: Said, dense: Answer | None, language: str) -> dict[str, Any]:
    """The column of a recipe; compared with the dense answer at the end."""
    recipe, over = asked.recipes[name], said.done and dense is not None
    alike = over and same_words(said.answer.text, dense.text)
    return _side(said) | {
        "words": marked(dense.text, said.answer.text)[1] if over else _plain(said.answer),
        "parting": parting(dense, said.answer) if over and not alike and not asked.chosen else None,
        "alike": alike,
        "begun": said is not BEGUN,
        "key": asked.keys[name],
        "percent": round(recipe.target * 100),
        "achieved": said.allocation.achieved if said.allocation else None,
        "recipe": _words(recipe, language),
    }


def _side(said: Said) -> dict[str, Any]:
    """What every column has; a token comes with its probability and whether a word begins with it."""
    answer, numbers = said.answer, word_numbers(said.answer)
    first = [i == 0 or number != numbers[i - 1] for i, number in enumerate(numbers)]
    tokens = zip(answer.tokens, answer.probabilities, first)
    return {
        "tokens": [[token, round(float(p), 4), begins] for token, p, begins in tokens],
        "done": said.done,
        "kept": said.kept,
        "seconds": round(said.seconds, 3),
        "surprise": None if said.surprise is None else round(said.surprise, 4),
    }


def _plain(answer: Answer) -> list[tuple[str, bool]]:
    """The text with nothing marked in it."""
    return [(answer.text, True)] if answer.text else []


def _words(recipe: Recipe, language: str) -> str:
    """How a recipe shares its zeros out, in a few words."""
    if recipe.fixed:
        return say("page.ask.recipe.pattern", language, pattern=recipe.pattern)
    allocator = say(f"page.allocator.{recipe.allocator}", language)
    return say("page.ask.recipe.free", language, allocator=allocator, pruner=recipe.pruner.capitalize())


def _settings(asked: Question, language: str) -> str:
    """How the answers are made, in one line."""
    how = say(f"page.ask.settings.{'labels' if asked.chosen else 'words'}", language, most=MAX_NEW_TOKENS)
    where = dict(zip(("device", "dtype"), asked.place))
    return how + (" " + say("page.ask.settings.place", language, **where) if all(asked.place) else "")
