"""Ending work that nobody hears: Gradio notices a stream that is cut, but not one that was never opened."""

import time
from collections.abc import Generator
from contextlib import closing
from typing import Any

import gradio as gr

# Seconds that a client has to open its stream, and to take what is in it.
PATIENCE = 30


def while_heard(states: Generator[Any, None, None], page: gr.Blocks, request: gr.Request) -> Generator[Any, None, None]:
    """`states`, until what was sent lies unread for PATIENCE seconds: then they are closed, as if the client had left.

    Args:
        states: what an endpoint of `page` tells.
        page: with the queue that keeps what was not read.
        request: whose.
    """
    read = time.monotonic()
    with closing(states):
        for state in states:
            if not _unread(page, request):
                read = time.monotonic()
            elif time.monotonic() - read > PATIENCE:
                return
            yield state


def _unread(page: gr.Blocks, request: gr.Request) -> int:
    """Messages that wait for this client; none where Gradio keeps none for it."""
    waiting = page._queue.pending_messages_per_session.get(request.session_hash)
    return 0 if waiting is None else waiting.qsize()
