"""The scores to choose among, in words: how they were measured, on how much, and where they are from."""

from datetime import datetime
from typing import Any

from ecoflap.texts import say, table
from ecoflap.types import ScoreBundle

# Characters of a choice; what a file says of itself may be longer.
MOST_WORDS = 120


def choices(explorer: Any, language: str) -> list[tuple[str, str]]:
    """(words, value of the knob) of every score bundle, no words twice; the first one's value is empty.

    Before there are any, the empty value stands alone: a knob's value has to be among its choices.
    """
    if not explorer.bundles:
        return [(say("page.rail.scores.own", language), "")]
    found: dict[str, str] = {}
    for place, bundle in enumerate(explorer.bundles):
        words = _words(bundle, explorer.origins.get(bundle.fingerprint), language)
        if words in found:
            words = say("page.scores.again", language, words=words, mark=bundle.fingerprint[:6])
        found[words] = bundle.fingerprint if place else ""
    return list(found.items())


def method_words(method: str, language: str) -> str:
    """A way to score in words; its own name where the page has none, as for scores of other programs."""
    key = f"page.scoring.method.{method}"
    return say(key, language) if key in table(language) else method


def _words(bundle: ScoreBundle, origin: str | None, language: str) -> str:
    parts = [method_words(bundle.method, language)]
    calibration = bundle.facts.get("calibration")
    samples = calibration.get("samples") if isinstance(calibration, dict) else None
    if isinstance(samples, int):
        parts.append(say("page.scores.samples", language, samples=samples))
    if isinstance(bundle.facts.get("seed"), int):
        parts.append(say("page.scores.seed", language, seed=bundle.facts["seed"]))
    if origin == "file":
        parts.append(say("page.scores.file", language))
    when = _when(bundle.facts.get("created")) if origin == "measured" else ""
    words = _short(say("page.comma", language).join([*parts, when] if when else parts))
    return words if origin else say("page.scores.own", language, words=words)


def _short(words: str) -> str:
    return words if len(words) <= MOST_WORDS else f"{words[: MOST_WORDS - 1]}…"


def _when(created: Any) -> str:
    """The hour where it was today, else the day too; empty where nobody knows."""
    try:
        moment = datetime.fromisoformat(created).astimezone()
    except (TypeError, ValueError, OverflowError):
        return ""
    today = moment.date() == datetime.now().astimezone().date()
    return moment.strftime("%H:%M" if today else "%Y-%m-%d %H:%M")
