"""People who ask at once, by the API or on the page, each by a recipe of their own, and what each is told alone."""

import base64
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gradio_client import Client, handle_file

from ecoflap.demo.drawing import draw
from ecoflap.demo.questions import suggestions
from ecoflap.demo.scenes import scene_of
from ecoflap.ui.session import DEFAULTS
from tests.serving.raw import Raw

# What a person asks: a picture's file and a question.
Pair = tuple[Path, str]


def pairs(folder: Path, count: int) -> list[Pair]:
    """`count` pictures, drawn to files in `folder`, each with a question that fits it."""
    found = []
    for index in range(count):
        scene = scene_of("evaluation", index)
        asked = suggestions(scene)
        path = folder / f"{index}.png"
        draw(scene).save(path)
        found.append((path, asked[index % len(asked)]))
    return found


def recipes(count: int) -> list[dict[str, Any]]:
    """`count` recipes, no two alike: targets, allocators, granularities, caps, patterns, locks, pruners."""
    found = []
    for number in range(count):
        recipe: dict[str, Any] = {
            "target": round(0.3 + 0.4 * number / max(1, count - 1), 3),
            "allocator": ("ecoflap", "response", "uniform")[number % 3],
            "granularity": ("block", "layer", "model")[number // 3 % 3],
            "modalities": ["vision", "language"] if number % 4 else ["vision", "bridge", "language"],
            "pruner": ("wanda", "magnitude")[number // 2 % 2],
        }
        if number % 7 == 3:
            recipe = {"pattern": ("2:4", "4:8")[number % 2], "pruner": recipe["pruner"], "target": 0.5}
        elif number % 5 == 2:
            recipe |= {"overrides": {"vision": round(0.3 + number / 100, 2)}, "max_sparsity": 1.0}
        elif number % 5 == 4:
            recipe["max_sparsity"] = 0.9
        found.append(recipe)
    return found


def allocating(recipe: dict[str, Any]) -> dict[str, Any]:
    """The arguments of /allocate among those of /ask."""
    return {name: value for name, value in recipe.items() if name != "pruner"}


def knobs(recipe: dict[str, Any]) -> dict[str, Any]:
    """The page's knobs for a recipe, as near as they come: whole per cent, and no choice of the pruner."""
    found = {"percent": round(100 * recipe["target"]), "bridge": "bridge" in recipe.get("modalities", ())}
    if "max_sparsity" in recipe:
        found |= {"cap_mode": "fixed", "cap": round(100 * recipe["max_sparsity"])}
    same = ("allocator", "granularity", "pattern", "overrides")
    return DEFAULTS | found | {name: recipe[name] for name in same if name in recipe}


class Person:
    """One client of the API with one recipe."""

    # What its calls are named in tables.
    ways = ("/ask", "/allocate")

    def __init__(self, url: str, recipe: dict[str, Any]) -> None:
        self.client, self.recipe = Client(url, verbose=False), recipe

    def ask(self, pair: Pair) -> Any:
        """All that /ask says but how long it took."""
        picture, question = pair
        return self.client.predict(image=handle_file(str(picture)), question=question, **self.recipe, api_name="/ask")

    def allocate(self) -> Any:
        """All that /allocate says."""
        return self.client.predict(**allocating(self.recipe), api_name="/allocate")

    def close(self) -> None:
        """End the client's connection."""
        self.client.close()


class Visitor:
    """One visitor of the page with one recipe: what its buttons and its slider send, without a browser."""

    ways = ("question on the page", "slider on the page")

    def __init__(self, url: str, recipe: dict[str, Any]) -> None:
        self.raw, self.knobs = Raw(url), knobs(recipe)

    def ask(self, pair: Pair) -> Any:
        """Put the picture in front of the model and ask, in the page's line: both answers, word by word."""
        path, question = pair
        picture = "data:image/png;base64," + base64.b64encode(path.read_bytes()).decode()
        self.raw.queued("intake", "taken", sent={"picture": picture, "kind": "dropped"})
        (last,) = self.raw.queued("ask", "click", [None, question, None, *self.knobs.values()])[-1]["data"]
        if last["state"] != "done":
            raise RuntimeError(last["words"])
        return [{fact: last[side][fact] for fact in ("words", "tokens")} for side in ("dense", "pruned")]

    def allocate(self) -> Any:
        """The slider comes to rest: the figures that Python confirms."""
        percent, *rest = self.knobs.values()
        return self.raw.run("map", "settle", rest, {"ticket": 1, "percent": percent, "key": ""})[0]

    def close(self) -> None:
        """Nothing is open between two events."""


def crowd(url: str, count: int) -> list[Person | Visitor]:
    """`count` people with as many recipes, every other one on the page."""
    return [(Person, Visitor)[number % 2](url, recipe) for number, recipe in enumerate(recipes(count))]


@dataclass
class Heard:
    """What came of a time in which many asked.

    Attributes:
        seconds: how long it was.
        times: seconds of every answer by the way it was asked for, see `Person.ways`.
        wrong: answers that were not those of a single user.
        errors: what failed, in words.
    """

    seconds: float = 0.0
    times: dict[str, list[float]] = field(default_factory=dict)
    wrong: int = 0
    errors: list[str] = field(default_factory=list)

    def call(self, way: str, work: Callable[[], Any]) -> Any:
        """What `work` returns; its time is noted."""
        start = time.monotonic()
        found = work()
        self.times.setdefault(way, []).append(time.monotonic() - start)
        return found


def alone(people: list[Person | Visitor], asked: list[Pair]) -> tuple[list[list[Any]], Heard]:
    """One person after the other: for each recipe its table, then its answer to every pair; and what that took."""
    heard, began, expected = Heard(), time.monotonic(), []
    for person in people:
        ask, allocate = person.ways
        answers = [heard.call(ask, lambda pair=pair, person=person: person.ask(pair)) for pair in asked]
        expected.append([heard.call(allocate, person.allocate), *answers])
    heard.seconds = time.monotonic() - began
    return expected, heard


def together(
    people: list[Person | Visitor], asked: list[Pair], expected: list[list[Any]], more: Callable[[int, float], bool]
) -> Heard:
    """All at once, each in a thread: a question, then a table, again and again.

    Args:
        people: who ask.
        asked: what they ask, each beginning elsewhere.
        expected: what `alone` was told.
        more: (questions of this person so far, seconds since the beginning) -> whether to go on.
    """
    heard, began = Heard(), time.monotonic()

    def checked(way: str, wanted: Any, work: Callable[[], Any]) -> None:
        try:
            found = heard.call(way, work)
        except Exception as error:
            heard.errors.append(f"{type(error).__name__}: {error}")
            return
        heard.wrong += found != wanted

    def live(number: int) -> None:
        person, count = people[number], 0
        ask, allocate = person.ways
        while more(count, time.monotonic() - began):
            place = (number + count) % len(asked)
            checked(ask, expected[number][1 + place], lambda place=place: person.ask(asked[place]))
            checked(allocate, expected[number][0], person.allocate)
            count += 1

    threads = [threading.Thread(target=live, args=(number,), daemon=True) for number in range(len(people))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    heard.seconds = time.monotonic() - began
    return heard
