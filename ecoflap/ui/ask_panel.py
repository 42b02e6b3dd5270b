"""The Ask section: a picture, a question, and what the dense and the pruned model say to it."""

from dataclasses import dataclass
from typing import Any

import gradio as gr

from ecoflap.texts import say
from ecoflap.ui.embed import panel
from ecoflap.ui.pictures import examples, opening

QUESTION_CHARACTERS = 500


@dataclass(frozen=True)
class AskPanel:
    """The section's components. `token` says which picture is asked about; only the server can set it."""

    token: gr.State
    picker: gr.HTML
    editor: gr.HTML
    upload: gr.UploadButton
    fresh: gr.Button
    chips: gr.HTML
    question: gr.Textbox
    ask: gr.Button
    answers: gr.HTML


def build(is_demo: bool, colours: dict[str, str], language: str) -> AskPanel:
    """Build the section inside the current container."""

    def word(key: str) -> str:
        return say(f"page.ask.{key}", language)

    first = opening(is_demo, language)
    gr.HTML(f"<h2>{word('title')}</h2><p>{word('lead')}</p>", apply_default_css=False, elem_classes="part heading")
    with gr.Row(elem_id="ask-grid"):
        with gr.Column(elem_id="ask-picture"):
            token = gr.State(first.token)
            picker = panel("picker", first.picture, ("choose",), thumbs=examples())
            with gr.Row(elem_id="picture-buttons"):
                fresh = gr.Button(word("fresh"), size="sm", elem_id="new-scene")
                upload = gr.UploadButton(
                    word("upload"), file_types=["image"], type="filepath", size="sm", elem_id="upload"
                )
            editor = panel("editor", None, ("drawn",), colours=colours)
        with gr.Column(elem_id="ask-words"):
            question = gr.Textbox(
                value=first.question,
                label=word("question"),
                placeholder=word("placeholder"),
                max_length=QUESTION_CHARACTERS,
                elem_id="question",
                submit_btn=False,
            )
            chips = panel("chips", first.questions)
            ask = gr.Button(word("button"), variant="primary", elem_id="ask")
            answers = panel("answers", None)
    return AskPanel(token, picker, editor, upload, fresh, chips, question, ask, answers)


def answer_value(asked: Any, key: str, percent: int, question: str) -> dict[str, Any]:
    """What the browser shows of an answer, as JSON."""
    from ecoflap.ui.differences import marked

    dense, pruned = marked(asked.dense.text, asked.pruned.text)
    return {
        "state": "done",
        "key": key,
        "percent": percent,
        "achieved": asked.allocation.achieved,
        "question": question,
        "same": asked.dense.text == asked.pruned.text,
        "dense": {"words": dense, "tokens": _tokens(asked.dense)},
        "pruned": {"words": pruned, "tokens": _tokens(asked.pruned)},
    }


def _tokens(answer: Any) -> list[list[Any]]:
    return [[token, round(float(p), 4)] for token, p in zip(answer.tokens, answer.probabilities)]
