"""One batch while it is asked, and its table as JSON for the browser."""

import time
from typing import Any

from ecoflap.asking import DENSE, PRUNED, sample_of
from ecoflap.batch import Batch, Outcome
from ecoflap.data.uploads import Row, Rows
from ecoflap.errors import Cancelled, EcoflapError, failure
from ecoflap.texts import told
from ecoflap.types import Recipe, Sample
from ecoflap.types.loading import KINDS
from ecoflap.ui import payload, pictures, session
from ecoflap.ui.differences import marked
from ecoflap.ui.handlers import Handlers
from ecoflap.ui.jobs import Tell

THUMB = 64


def known_of(model: str, batch: Batch) -> dict[str, Any]:
    """What a session keeps of a batch: its rows as the page shows them, and what the dense model said to them."""
    rows = [
        {"token": outcome.row.picture, "question": outcome.row.question, "dense": outcome.said.get(DENSE)}
        for outcome in batch.outcomes
    ]
    return {"model": model, "rows": rows}


def remembered(rows: Rows, model: str, known: Any) -> Batch:
    """A batch of the rows, with what the same dense model said to the same ones before."""
    batch = Batch(rows.rows)
    if not isinstance(known, dict) or known["model"] != model:
        return batch
    said = {repr((row["token"], row["question"])): row["dense"] for row in known["rows"]}
    for outcome in batch.outcomes:
        answer = said.get(repr((outcome.row.picture, outcome.row.question)))
        if answer is not None:
            outcome.said[DENSE] = answer
    return batch


def ready_value(rows: Rows, language: str) -> dict[str, Any]:
    """Rows that wait to be asked, as JSON."""
    shown = [row_value(row, row.problem, language) | {"said": {}, "same": None, "thumb": None} for row in rows.rows]
    return {
        "state": "ready",
        "table": rows.table,
        "notes": [told(note, language) for note in rows.notes],
        "rows": shown,
        "total": len(shown),
    }


def row_value(row: Row, problem: EcoflapError | None, language: str) -> dict[str, Any]:
    """One row as JSON, without answers."""
    words = problem.text(language) if problem else ""
    return {
        "where": told(row.where, language),
        "name": row.name,
        "question": row.question,
        "expected": row.expected,
        "problem": words,
    }


def recipe_value(explorer: Any, recipe: Recipe, achieved: float) -> dict[str, Any]:
    """What an exported table says of the recipe in every line."""
    return {
        "model": explorer.spec,
        "target": recipe.target,
        "achieved": round(achieved, 6),
        "allocator": recipe.allocator,
        "cap": round(recipe.cap, 6),
        "granularity": recipe.granularity,
        "modalities": " ".join(recipe.modalities),
        "pattern": recipe.pattern,
        "scores": recipe.bundle or (explorer.bundle.fingerprint if explorer.bundle else ""),
        "overrides": " ".join(f"{name}={value}" for name, value in sorted(recipe.overrides.items())),
    }


def failure_words(error: Exception, language: str) -> str:
    """One sentence about whatever ended a batch."""
    return failure(error, lambda reason: EcoflapError("batch_failed", reason=reason)).text(language)


class Run:
    """One batch that is being asked, of one model under one recipe."""

    def __init__(self, handlers: Handlers, recipe: Recipe, rows: Rows, known: Any, examples: bool = False) -> None:
        self.examples = examples
        self.handlers, self.recipe, self.rows = handlers, recipe, rows
        self.explorer, self.kind, self.model = handlers.explorer, handlers.kind(), handlers.model()
        self.batch = remembered(rows, self.model, known)
        self.allocation = self.explorer.allocate(recipe)
        self.stage, self._began, self._asked = DENSE, time.monotonic(), 0
        self._thumbs: dict[int, str] = {}
        self._marks: dict[int, tuple[Any, Any]] = {}

    def known(self) -> dict[str, Any]:
        """What the session keeps of it."""
        return known_of(self.model, self.batch)

    def work(self, tell: Tell) -> dict[str, Any]:
        """Ask dense, then pruned, telling the table after every few; returns it as it is in the end or when stopped."""
        try:
            tell(self.value("busy"))
            self._ask(DENSE, None, None, tell)
            self._ask(PRUNED, self.allocation, self.recipe, tell)
        except Cancelled:
            return self.value("stopped")
        except EcoflapError as error:
            return self.value("error") | {"words": error.text(self.handlers.language)}
        except Exception as error:  # such as a GPU without room for several pictures at once
            return self.value("error") | {"words": failure_words(error, self.handlers.language)}
        return self.value("done")

    def _ask(self, stage: str, allocation: Any, recipe: Recipe | None, tell: Tell) -> None:
        self.stage, before, engine = stage, self._asked, self.explorer.wait()
        for done in self.batch.ask(stage, self._open, lambda samples: engine.answer(samples, allocation, recipe)):
            self._asked = before + done
            if self.handlers.explorer is not self.explorer:
                raise EcoflapError("page_model_changed")
            tell(self.value("busy"))

    def _open(self, number: int) -> Sample:
        """What is asked of a row; its picture leaves a small one behind."""
        row = self.rows.rows[number]
        image = session.picture_for(row.picture) if "picture" in KINDS[self.kind] else None
        if image is not None and number not in self._thumbs:
            self._thumbs[number] = pictures.data_url(image, THUMB)
        return sample_of(self.kind, image, row.question)

    def value(self, state: str) -> dict[str, Any]:
        """The table and its summary as JSON; `left` are seconds, None before anything is known of them."""
        total, left = len(self.batch.outcomes), len(self.batch.left(DENSE)) + len(self.batch.left(PRUNED))
        pace = (time.monotonic() - self._began) / self._asked if self._asked else None
        return {
            "state": state,
            "stage": self.stage,
            "done": total - len(self.batch.left(self.stage)),
            "total": total,
            "left": None if pace is None else round(pace * left),
            "table": self.rows.table,
            "examples": self.examples,
            "notes": [told(note, self.handlers.language) for note in self.rows.notes],
            "rows": [self._row(number, outcome) for number, outcome in enumerate(self.batch.outcomes)],
            "summary": self._summary(),
            "key": payload.key_of(self.recipe, self.model),
            "percent": round(self.recipe.target * 100),
            "recipe": recipe_value(self.explorer, self.recipe, self.allocation.achieved),
        }

    def _row(self, number: int, outcome: Outcome) -> dict[str, Any]:
        if number not in self._marks and outcome.same is not None:
            self._marks[number] = marked(outcome.said[DENSE], outcome.said[PRUNED])
        said = {state: {"text": text, "right": outcome.right(state)} for state, text in outcome.said.items()}
        for state, words in zip((DENSE, PRUNED), self._marks.get(number, ())):
            said[state]["words"] = words
        shown = row_value(outcome.row, outcome.problem, self.handlers.language)
        return shown | {"thumb": self._thumbs.get(number), "said": said, "same": outcome.same}

    def _summary(self) -> dict[str, Any] | None:
        """How many agree, and where right answers are known how many are right; None before any row has both."""
        same = self.batch.same()
        if same is None:
            return None
        right = {state: found.to_json() for state in (DENSE, PRUNED) if (found := self.batch.right(state))}
        broken, mended = self.batch.changed()
        return {"same": same.to_json(), "right": right, "broken": broken, "mended": mended}
