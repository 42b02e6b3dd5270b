"""The events of the batch: files that come, rows that are asked, one of them put before the model."""

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import gradio as gr

from ecoflap.data.uploads import Row, Rows, rows_from
from ecoflap.demo import questions
from ecoflap.errors import Cancelled, EcoflapError
from ecoflap.texts import Phrase, say
from ecoflap.types.loading import KINDS
from ecoflap.ui import session
from ecoflap.ui.batch_run import Run, failure_words, known_of, ready_value, remembered
from ecoflap.ui.handlers import Handlers, sent
from ecoflap.ui.jobs import Jobs, Tell, in_turn, wait_for

KIND = "batch"
EXAMPLES, MOST_FILES = 20, 1000
# Name as the user's and path of an uploaded file; JSON, as sessions keep it.
Files = list[list[str]]


class Batching:
    """Batches of one page. What a person uploaded and asked is in their own session, as paths and words."""

    def __init__(self, handlers: Handlers, jobs: Jobs) -> None:
        self.handlers, self.jobs, self.language = handlers, jobs, handlers.language

    def add(self, files: Files, known: Any, uploaded: Any) -> tuple[Files, Any, dict[str, Any]]:
        """More files: all that this person uploaded so far, what is known of their rows, and these rows."""
        kept = files
        try:
            more = [_named(record) for record in (uploaded if isinstance(uploaded, list) else [uploaded])]
            if len(files) + len(more) > MOST_FILES:
                raise EcoflapError("batch_many_files", count=len(files) + len(more), most=MOST_FILES)
            files = [*files, *more]
            rows, model = self._rows(files), self.handlers.model()
        except EcoflapError as error:
            return files, known, {"state": "waiting", "words": error.text(self.language)}
        except Exception as error:  # whatever a file makes its reader do
            return kept, known, {"state": "waiting", "words": failure_words(error, self.language)}
        return files, known_of(model, remembered(rows, model, known)), ready_value(rows, self.language)

    def clear(self, request: gr.Request) -> tuple[Files, None, dict[str, Any]]:
        """Forget the files and what was asked; what is being asked ends, and nothing of it comes back."""
        self.jobs.stop(request.session_hash, KIND, drop=True)
        return [], None, {"state": "empty"}

    def run(self, request: gr.Request, files: Files, known: Any, *knobs: Any) -> Iterator[tuple[Any, Any]]:
        """Ask all rows of the uploaded files: what is known of them, and the table as it fills in."""
        yield from self._asked(request, lambda: self._rows(files), known, knobs)

    def examples(self, request: gr.Request, known: Any, *knobs: Any) -> Iterator[tuple[Any, Any]]:
        """The same about scenes that the demo model has never seen and whose answers are known."""
        yield from self._asked(request, example_rows, known, knobs)

    def stop(self, request: gr.Request) -> None:
        """End it; what is done stays."""
        self.jobs.stop(request.session_hash, KIND)

    def pick(self, event: gr.EventData, known: Any) -> tuple[Any, ...]:
        """Picture and question of one row for the Ask section: token, picture, suggestions, question, no answers."""
        number, rows = sent(event, "row"), known["rows"] if isinstance(known, dict) else []
        try:
            if type(number) is not int or number not in range(len(rows)):
                raise EcoflapError("page_percent", name="row", value=number, most=max(0, len(rows) - 1))
            token, question = rows[number]["token"], rows[number]["question"]
            asks = KINDS[self.handlers.kind()]
            words = question if asks != "picture" else gr.skip()
            if token is None or asks == "text":
                return gr.skip(), gr.skip(), gr.skip(), words, None
            opened = self.handlers.opened(token)
        except EcoflapError as error:
            return gr.skip(), {"error": error.text(self.language)}, *(gr.skip(),) * 3
        return opened.token, opened.picture, opened.questions, words, None

    def _rows(self, files: Files) -> Rows:
        found = rows_from([(name, Path(path)) for name, path in files], self.handlers.kind())
        return replace(found, rows=tuple(_with_token(row) for row in found.rows))

    def _before(self, rows: Callable[[], Rows]) -> dict[str, Any]:
        """The rows as they wait to be asked, or why they cannot be."""
        try:
            return ready_value(rows(), self.language) | {"examples": rows is example_rows}
        except EcoflapError as error:
            return {"state": "waiting", "words": error.text(self.language)}

    def _asked(
        self, request: gr.Request, rows: Callable[[], Rows], known: Any, knobs: tuple[Any, ...]
    ) -> Iterator[tuple[Any, Any]]:
        """Waits for the model with a word; then the run's values."""
        run: Run | None = None
        waiting = {"state": "busy", "words": say("page.batch.waiting", self.language)}

        def work(tell: Tell) -> dict[str, Any]:
            nonlocal run
            recipe = session.recipe_of(*knobs)
            wait_for(self.handlers.explorer, tell, waiting)
            with in_turn(self.handlers.host.lines[KIND], tell, self.language):
                self.handlers.explorer.check_scored(recipe)
                run = Run(self.handlers, recipe, rows(), known, rows is example_rows)
                return run.work(tell)

        try:
            if not self.handlers.explorer.status(self.language).ready:
                yield gr.skip(), waiting
            for value in self.jobs.run(request.session_hash, KIND, work):
                yield run.known() if run else gr.skip(), value
        except Cancelled:  # before the first row
            yield gr.skip(), self._before(rows)
        except EcoflapError as error:
            yield gr.skip(), {"state": "error", "words": error.text(self.language)}
        except Exception as error:  # before the first row; what happens later is said with the rows that are done
            yield gr.skip(), {"state": "error", "words": failure_words(error, self.language)}


def example_rows() -> Rows:
    """Questions of all kinds in turn about evaluation scenes, each with its answer."""
    rows: list[Row] = []
    kinds = list(questions.KINDS)
    for index in count():
        token = session.example_token(index)
        pair = questions.ask(session.scene_for(token), kinds[len(rows) % len(kinds)], random.Random(index))
        if pair:
            rows.append(Row(Phrase("batch.scene", number=len(rows) + 1), "", *pair, picture=token))
        if len(rows) == EXAMPLES:
            break
    return Rows("", tuple(rows))


def _with_token(row: Row) -> Row:
    """The row, its picture by the token that the rest of the page knows it by."""
    if row.picture is None:
        return row
    return replace(row, picture={"path": str(row.picture), "kind": "upload", "name": row.name})


def _named(record: Any) -> list[str]:
    """Name and path of an uploaded file.

    Raises:
        EcoflapError: nobody uploaded it.
    """
    path = session.uploaded(record)
    name = record.get("orig_name") if isinstance(record, dict) else None
    return [name if isinstance(name, str) and name else path.name, str(path)]
