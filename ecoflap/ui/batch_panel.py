"""Many pictures and questions at once: a table of one's own, or the example scenes, dense against pruned."""

import gradio as gr

from ecoflap.texts import say
from ecoflap.ui.batching import Batching
from ecoflap.ui.embed import panel
from ecoflap.ui.shared import MODEL, PRIVATE, Shared

FILES = [".csv", ".jsonl", ".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp"]


def build(shared: Shared) -> None:
    """Build the panel inside the current container and wire its events."""
    batching = Batching(shared.handlers, shared.jobs)

    with gr.Column(elem_id="batch-section", visible=shared.handlers.explorer.has_model):
        panel("batchhead")
        with gr.Row(elem_id="batch-buttons"):
            more = gr.UploadButton(
                say("page.batch.upload", shared.language),
                file_count="multiple",
                file_types=FILES,
                size="sm",
                elem_id="batch-upload",
            )
            examples = gr.Button(say("page.batch.examples", shared.language), size="sm", elem_id="batch-examples")
        shown = panel("batch", {"state": "empty"}, ("ask_all", "halt", "forget", "pick"))
    files, known = gr.State([]), gr.State(None)
    # The records as they come: their names are the user's, and our own bounded opener opens what they hold.
    more.upload(batching.add, [files, known, more], [files, known, shown], preprocess=False, **PRIVATE)
    examples.click(batching.examples, [known, *shared.knobs], [known, shown], **MODEL)
    shown.ask_all(batching.run, [files, known, *shared.knobs], [known, shown], **MODEL)
    shown.halt(batching.stop, None, None, queue=False, **PRIVATE)
    shown.forget(batching.clear, None, [files, known, shown], queue=False, **PRIVATE)
    asking = shared.asking
    before_the_model = [asking.token, asking.picker, asking.chips, asking.question, asking.answers]
    shown.pick(batching.pick, known, before_the_model, **PRIVATE)
