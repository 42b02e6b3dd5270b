"""The last resort: whatever a raw request or an unforeseen error leads to is one sentence, and one line in the log."""

import logging
import traceback
from pathlib import Path
from typing import Any

import gradio as gr
import httpx
from fastapi import Request
from fastapi.responses import JSONResponse

from ecoflap.errors import EcoflapError, failure, first_line
from ecoflap.texts import LANGUAGES

OWN = Path(__file__).parents[1]
# Characters of a reason: what a stranger sent may be long.
MOST_WORDS = 300
# What a request that fits no event ends in before Gradio looks at the event; all but what stands for every error, which
# Starlette would print as a traceback after it was answered.
OF_PYTHON = (ArithmeticError, AssertionError, AttributeError, LookupError, OSError, RuntimeError, TypeError, ValueError)
RAISED = (*OF_PYTHON, httpx.HTTPError, httpx.InvalidURL)


def guard(page: gr.Blocks) -> None:
    """Make every error of an event of `page` the sentence that the browser shows; Gradio prints no traceback then.

    Events say what goes wrong themselves. What is left are requests that no page sends, such as with too few values or
    with choices that there are not, and mistakes of ours.
    """
    process = page.process_api

    async def guarded(block_fn: Any, *arguments: Any, **named: Any) -> Any:
        try:
            return await process(block_fn, *arguments, **named)
        except gr.Error as error:
            if not error.print_exception:
                raise
            told = _request(str(error.message))
        except Exception as error:
            _log(error)
            told = failure(error, _request)
        page_of = getattr(block_fn, "page", "")
        language = page_of if page_of in LANGUAGES else LANGUAGES[0]
        raise gr.Error(told.text(language), print_exception=False)

    page.process_api = guarded


def handlers() -> dict[type[Exception], Any]:
    """Answers to requests that name no event, for `launch(app_kwargs={"exception_handlers": …})`."""

    def answer(request: Request, error: Exception) -> JSONResponse:
        _log(error)
        return JSONResponse({"error": failure(error, _request).text()}, 400)

    return dict.fromkeys(RAISED, answer)


def _request(reason: str) -> EcoflapError:
    short = reason if len(reason) <= MOST_WORDS else f"{reason[: MOST_WORDS - 1]}…"
    return EcoflapError("page_request", reason=short)


def _log(error: Exception) -> None:
    """One line: what, and where it was raised, or where in this project it came from."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if OWN in Path(frame.filename).parents and frame.filename != __file__]
    frame = (own or frames)[-1]
    words = ascii(first_line(error))[:MOST_WORDS]
    logging.getLogger(__name__).warning(
        "an event failed: %s %s at %s:%s", type(error).__name__, words, frame.filename, frame.lineno
    )
