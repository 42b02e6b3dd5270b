"""The tables of sentences: every language says the same with the same facts; and phrases, told in any of them."""

import copy
import json
import pickle
import re
from string import Formatter

import pytest

from ecoflap.errors import EcoflapError, first_line
from ecoflap.texts import LANGUAGES, Phrase, say, table, told

OTHERS = LANGUAGES[1:]
HAN = re.compile(r"[\u4e00-\u9fff]")
# Sentences that are only names, marks and facts: there is nothing to translate.
BARE = re.compile(
    r"[^A-Za-z]*|\W*(?:[A-Z]\W*)?(?:\{\w+(?::[^}]*)?\}\W*)+[kMGB]?"
    r"|ECoFLaP( [|Wg²]+)?|RESSA|MULTIFLOW|LAMP|ERK|OWL|DLP|AlphaPruning|TAMP|ATP|Wanda|RIA|SparseGPT"
    r"|Q-Former|Perceiver|CSR|CSV|PNG|SVG|JSON|YAML|HTML|N:M|CIDEr|B − A|[ABCLS]|Shift|Ctrl"
)
# What models read, which is English for most of them; and the name of the other language.
ENGLISH = re.compile(r"page\.(suggest|batch\.sample)\..*|page\.language\.other")


def facts(sentence: str) -> set[str]:
    """The {facts} of a sentence, with how each is written."""
    return {f"{name}:{form}" for _, name, form, _ in Formatter().parse(sentence) if name is not None}


@pytest.mark.parametrize("language", OTHERS)
def test_every_language_has_every_sentence(language):
    assert table(language).keys() == table().keys()
    assert not [key for key, sentence in table(language).items() if not sentence.strip() and table()[key].strip()]


@pytest.mark.parametrize("language", OTHERS)
def test_every_language_names_the_same_facts(language):
    other = table(language)
    assert [key for key, sentence in table().items() if facts(sentence) != facts(other[key])] == []


def test_every_chinese_sentence_is_chinese():
    left = [key for key, text in table("zh").items() if not HAN.search(text) and not BARE.fullmatch(text)]
    assert [key for key in left if not ENGLISH.fullmatch(key)] == []


def test_a_phrase_is_a_text_in_english_and_told_in_the_language_of_the_sentence_around_it():
    phrase = Phrase("data.line", line=3, name="a.csv")
    assert phrase == say("data.line", line=3, name="a.csv")
    assert json.loads(json.dumps(phrase)) == phrase
    assert told(phrase, "zh") == say("data.line", "zh", line=3, name="a.csv") != phrase
    assert say("data.line", "zh", line=1, name=phrase) == say("data.line", "zh", line=1, name=told(phrase, "zh"))


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda phrase: pickle.loads(pickle.dumps(phrase))])
def test_a_phrase_survives_being_copied(copied):
    phrase = Phrase("status.and_left", state=Phrase("status.loading", model="a"), left="b")
    assert copied(phrase) == phrase
    assert told(copied(phrase), "zh") == told(phrase, "zh")


def test_an_error_inside_an_error_is_said_in_the_reader_s_language():
    inner = EcoflapError("page_no_scores")
    outer = EcoflapError("samples_empty", name="a", reason=inner.phrase)
    assert inner.text() in outer.text()
    assert inner.text("zh") in outer.text("zh")
    assert first_line(RecursionError()) == say("errors.nested")
