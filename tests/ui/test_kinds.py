"""What the Ask section takes, by the kind of model: a question, labels, text alone, a picture alone."""

import gradio as gr
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from PIL import Image

from ecoflap.host import Host
from ecoflap.models.kinds import Description
from ecoflap.ui import ask_panel, build, launch_options, session
from ecoflap.ui.changing import Changing
from ecoflap.ui.handlers import Handlers
from tests.ui.fakes import FakeExplorer, asked

KNOBS, TOKEN = [*session.DEFAULTS.values()], session.example_token(36)
CLASSIFIER = Description("classifier", ("cat", "dog"))
# What the textbox holds while nobody sees it must not reach a model that takes none.
TYPED = {"classifier": "left over", "zero-shot": "cat, dog", "text": "why ?", "vision-language": "why ?"}


def explorer(kind, labels=()):
    made = FakeExplorer(is_demo=False)
    made.described = Description(kind, labels)
    return made


@pytest.mark.parametrize(
    ("kind", "taken"),
    [
        ("classifier", ((256, 256), "")),
        ("zero-shot", ((256, 256), "cat, dog")),
        ("text", (None, "why ?")),
        ("vision-language", ((256, 256), "why ?")),
    ],
)
def test_the_model_gets_what_it_takes(kind, taken):
    model = explorer(kind)
    answers = [*asked(Handlers(Host(model)), TOKEN, TYPED[kind], *KNOBS)]
    assert model.questions == [(*taken, 0.5)]
    assert answers[-1]["question"] == taken[1]
    assert answers[-1]["chosen"] == (kind in ("classifier", "zero-shot"))


def test_one_label_is_no_choice():
    last = [*asked(Handlers(Host(explorer("zero-shot"))), TOKEN, "cat", *KNOBS)][-1]
    assert (last["state"], last["words"][:18]) == ("error", "'cat' is no choice")


def test_the_section_knows_the_labels_and_how_many_more_there_are():
    many = tuple(f"label {i}" for i in range(ask_panel.LISTED + 7))
    value = ask_panel.model_value(explorer("classifier", many))
    assert value == {"kind": "classifier", "demo": False, "labels": [*many[: ask_panel.LISTED]], "more": 7}


def test_of_a_model_that_nobody_knows_yet_the_section_takes_the_usual():
    unknown = explorer("text")
    unknown.described = None
    assert ask_panel.model_value(unknown)["kind"] == "vision-language"


def test_labels_stay_with_another_picture_and_questions_go():
    assert Handlers(Host(explorer("zero-shot"))).fresh()[3] == gr.skip()
    assert Handlers(Host(explorer("vision-language"))).fresh()[3] != gr.skip()
    assert Handlers(Host(explorer("classifier"))).fresh()[2:4] == ([], "")


def told(found):
    """The Ask section's part of a tick."""
    names = ("about", "token", "picker", "chips", "question", "answers")
    return {name: value for name, value in zip(names, found[-6:], strict=True) if value != gr.skip()}


def test_another_kind_of_model_brings_its_section():
    model = explorer("vision-language")
    page = Changing(Handlers(Host(model)))
    seen = page.seen()
    model.described = Description("zero-shot")
    news = told(page.tick(seen, TOKEN, *KNOBS))
    assert news["about"]["kind"] == "zero-shot"
    assert news["question"]["label"] == "2. Labels, separated by commas"
    assert news["question"]["value"] == news["chips"][0] == "circle, square, triangle, star"
    assert news["token"] == TOKEN and news["answers"] is None


def test_a_picture_that_is_gone_gives_way_to_an_example():
    model = explorer("text")
    page = Changing(Handlers(Host(model)))
    seen = page.seen()
    model.described = CLASSIFIER
    news = told(page.tick(seen, {"path": "/nowhere/at/all.png"}, *KNOBS))
    assert "example" in news["token"] and news["picker"]["src"].startswith("data:")


def test_labels_that_become_known_later_leave_the_rest_as_it_is():
    model = explorer("classifier")
    page = Changing(Handlers(Host(model)))
    seen = page.seen()
    model.described = CLASSIFIER
    assert told(page.tick(seen, TOKEN, *KNOBS)) == {"about": ask_panel.model_value(model)}


@pytest.fixture(params=["classifier", "text"])
def client(request):
    blocks = build(explorer(request.param))
    blocks.launch(prevent_thread_lock=True, **launch_options())
    yield request.param, Client(blocks.local_url, verbose=False)
    blocks.close()


def test_the_endpoint_takes_what_the_model_takes(client, tmp_path):
    kind, endpoint = client
    Image.new("RGB", (20, 10), "red").save(tmp_path / "red.png")
    picture, question = {"image": handle_file(tmp_path / "red.png")}, {"question": "why ?"}
    right, wrong = (picture, question) if kind == "classifier" else (question, picture)
    assert endpoint.predict(**right, api_name="/ask")["dense"] == "a red circle"
    for arguments in (right | wrong, {}):
        with pytest.raises(AppError, match="takes no|There is no"):
            endpoint.predict(**arguments, api_name="/ask")
