"""The Ask section: what the model takes (a picture, a question, labels), and what dense and pruned model say to it."""

from dataclasses import dataclass
from typing import Any

import gradio as gr

from ecoflap.asking import MAX_QUESTION
from ecoflap.models.kinds import CLASSIFIER, Description
from ecoflap.texts import say
from ecoflap.ui.embed import panel
from ecoflap.ui.pictures import Opened, examples, opening

# Labels of a classifier that the page lists; of more it says how many there are.
LISTED = 200


@dataclass(frozen=True)
class AskPanel:
    """The section's components. `token` says which picture is asked about; only the server can set it."""

    about: gr.HTML
    token: gr.State
    picker: gr.HTML
    editor: gr.HTML
    upload: gr.UploadButton
    intake: gr.HTML
    fresh: gr.Button
    chips: gr.HTML
    question: gr.Textbox
    ask: gr.Button
    stop: gr.Button
    answers: gr.HTML

    @property
    def parts(self) -> list[Any]:
        """What follows the model, in the order in which `followed` gives it."""
        return [self.about, self.token, self.picker, self.chips, self.question, self.answers]


def model_value(explorer: Any) -> dict[str, Any]:
    """What the section has to know of the model, as JSON."""
    described = explorer.described or Description()
    labels = described.labels
    return {
        "kind": described.kind,
        "demo": explorer.is_demo,
        "labels": list(labels[:LISTED]),
        "more": max(0, len(labels) - LISTED),
    }


def build(value: dict[str, Any], colours: dict[str, str], language: str, shown: bool = True) -> AskPanel:
    """Build the section inside the current container for the model that `value` is of; see `model_value`.

    Where it is not `shown`, because there is no model to ask, no picture is drawn for it.
    """

    def word(key: str) -> str:
        return say(f"page.ask.{key}", language)

    first = opening(value["kind"], value["demo"], language) if shown else Opened({}, {}, [], "")
    about = panel("about", value)
    with gr.Row(elem_id="ask-grid"):
        with gr.Column(elem_id="ask-picture"):
            token = gr.State(first.token)
            picker = panel("picker", first.picture, ("choose",), thumbs=examples() if shown else ())
            with gr.Row(elem_id="picture-buttons"):
                fresh = gr.Button(word("fresh"), size="sm", elem_id="new-scene")
                upload = gr.UploadButton(
                    word("upload"), file_types=["image"], type="filepath", size="sm", elem_id="upload"
                )
            intake = panel("intake", None, ("taken",))
            editor = panel("editor", None, ("drawn",), colours=colours)
        with gr.Column(elem_id="ask-words"):
            box = {"max_length": MAX_QUESTION, "elem_id": "question", "submit_btn": False}
            question = gr.Textbox(**_question(value["kind"], first.question, language), **box)
            panel("labels")
            chips = panel("chips", first.questions)
            with gr.Row(elem_id="ask-buttons"):
                ask = gr.Button(word("button"), variant="primary", elem_id="ask")
                stop = gr.Button(word("stop"), elem_id="ask-stop")
            answers = panel("answers", None)
    return AskPanel(about, token, picker, editor, upload, intake, fresh, chips, question, ask, stop, answers)


def _question(kind: str, text: str, language: str) -> dict[str, str]:
    """Content and label of the box for a kind of model; a classifier's is never seen."""
    shown = Description().kind if kind == CLASSIFIER else kind
    label, hint = (say(f"page.ask.{part}.{shown}", language) for part in ("question", "placeholder"))
    return {"value": text, "label": label, "placeholder": hint}


def followed(value: dict[str, Any], opened: Opened, language: str) -> tuple[Any, ...]:
    """The section's parts for another model: its picture and suggestions, and no answers."""
    question = gr.update(**_question(value["kind"], opened.question, language))
    return value, opened.token, opened.picture, opened.questions, question, None
