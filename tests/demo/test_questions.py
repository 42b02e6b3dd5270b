import random
from collections import Counter

import pytest

from ecoflap.demo.kinds import CLEAR
from ecoflap.demo.model import tokenizer
from ecoflap.demo.questions import KINDS, ask, samples, suggestions
from ecoflap.demo.scenes import Item, Scene, scene_of
from ecoflap.demo.words import Phrase, caption_of, place_of, unique_phrases

RED_CIRCLE = Item("circle", "red", "large", 40, 40, 32)
BLUE_STAR = Item("star", "blue", "small", 220, 50, 20)
GREEN_SQUARE = Item("square", "green", "small", 100, 200, 20)
SCENE = Scene((RED_CIRCLE, BLUE_STAR, GREEN_SQUARE))
RNG = random.Random(4)
PAIRS = {
    kind: [pair for index in range(1500) if (pair := ask(scene_of("calibration", index), kind, RNG))] for kind in KINDS
}


@pytest.mark.parametrize("kind", KINDS)
def test_no_answer_makes_up_more_than_55_percent_of_its_type(kind):
    answers = Counter(answer for _, answer in PAIRS[kind])
    assert max(answers.values()) <= 0.55 * len(PAIRS[kind])


@pytest.mark.parametrize("kind", KINDS)
def test_most_scenes_allow_every_type_and_the_vocabulary_holds_every_word(kind):
    words = tokenizer()
    assert len(PAIRS[kind]) > 1500 * 0.6
    for pair in PAIRS[kind][:400]:
        for text in pair:
            assert words.unk_token_id not in words(text)["input_ids"]


def test_the_caption_names_all_items_in_reading_order():
    assert caption_of(SCENE) == "a large red circle, a small blue star and a small green square"
    assert caption_of(Scene((RED_CIRCLE, BLUE_STAR))) == "a large red circle and a small blue star"
    assert caption_of(Scene((RED_CIRCLE,))) == "a large red circle"


def test_places_are_the_quarters_of_the_picture():
    assert [place_of(item) for item in SCENE.items] == ["top left", "top right", "bottom left"]


def test_a_phrase_is_unique_when_it_fits_one_item_alone():
    found = unique_phrases(SCENE, BLUE_STAR)
    assert Phrase(shape="star") in found and Phrase(colour="blue") in found
    assert Phrase(size="small") not in found
    assert unique_phrases(SCENE, RED_CIRCLE, "colour") == [
        Phrase(shape="circle"),
        Phrase(size="large"),
        Phrase(size="large", shape="circle"),
    ]


def _told(question: str) -> tuple[list[str], str]:
    words = question.lower().replace("?", " ").replace(".", " ").split()
    return words, " ".join(words)


def test_relations_on_a_known_scene_say_what_is_so():
    truth = {
        ("circle", "star"): {"left"},
        ("circle", "square"): {"left", "above"},
        ("star", "square"): {"right", "above"},
    }
    opposite = {"left": "right", "right": "left", "above": "below", "below": "above"}
    truth |= {(b, a): {opposite[side] for side in sides} for (a, b), sides in truth.items()}
    names = {"red": "circle", "blue": "star", "green": "square", "large": "circle", "big": "circle"}
    seen = set()
    for seed in range(300):
        question, answer = ask(SCENE, "relation", random.Random(seed))
        words, text = _told(question)
        found = [names.get(word, word) for word in words if names.get(word, word) in ("circle", "star", "square")]
        pair = tuple(dict.fromkeys(found))
        sides = [word for word in words if word in opposite]
        holds = truth[pair]
        assert answer == (({*sides} & holds).pop() if " or " in text else "yes" if sides[0] in holds else "no")
        seen.add(answer)
    assert seen == {"yes", "no", "left", "right", "above", "below"}


def test_nearly_level_items_are_never_related():
    level = Scene((Item("circle", "red", "large", 50, 50, 32), Item("star", "blue", "small", 50 + CLEAR - 1, 100, 20)))
    for seed in range(50):
        pair = ask(level, "relation", random.Random(seed))
        assert pair and ("above" in pair[0] or "below" in pair[0])


def test_counts_and_existence_on_a_known_scene():
    for seed in range(200):
        question, answer = ask(SCENE, "count", random.Random(seed))
        words, text = _told(question)
        attributes = {"red", "green", "blue", "yellow", "purple", "orange", "circles", "squares", "triangles", "stars"}
        wanted = [word.rstrip("s") for word in words if word in attributes]
        sizes = [
            "small" if w in ("small", "little", "tiny") else "large"
            for w in words
            if w in ("small", "little", "tiny", "large", "big")
        ]
        have = [{item.colour, item.shape, item.size} for item in SCENE.items]
        assert answer == str(sum({*wanted, *sizes} <= item for item in have))
    assert {ask(SCENE, "existence", random.Random(seed))[1] for seed in range(20)} == {"yes", "no"}


def test_comparisons_on_a_known_scene():
    asked = [pair for seed in range(400) if (pair := ask(SCENE, "comparison", random.Random(seed)))]
    known = {("red", "blue"): 0, ("blue", "red"): 0, ("red", "yellow"): 1, ("yellow", "red"): -1}
    found = set()
    for question, answer in asked:
        words, _ = _told(question)
        gap = known.get(tuple(word for word in words if word in ("red", "blue", "yellow")))
        if gap is not None:
            holds = gap > 0 if "more" in words else gap < 0 if "fewer" in words else gap == 0
            assert answer == ("yes" if holds else "no")
            found.add((gap, answer))
    assert len(found) == 6


def test_samples_are_the_same_for_the_same_seed_and_take_the_kinds_in_turn():
    first, again = samples("evaluation", 9, seed=2), samples("evaluation", 9, seed=2)
    assert [s.kind for s in first] == list(KINDS)
    assert [(s.question, s.answer) for s in first] == [(s.question, s.answer) for s in again]
    assert first[0].image.size == (256, 256)
    other = samples("calibration", 9, seed=2)
    assert [s.question for s in other] != [s.question for s in first]


def test_samples_of_some_kinds_only():
    assert {s.kind for s in samples("train", 4, kinds=("count", "where"))} == {"count", "where"}
    with pytest.raises(ValueError, match="no question type 'weather'"):
        samples("train", 1, kinds=("weather",))


def test_suggestions_fit_the_scene_and_stay_the_same():
    scene = scene_of("calibration", 11)
    found = suggestions(scene, 5)
    assert found == suggestions(scene, 5) and len(found) == 5
    assert all(text[0].isupper() and text[-1] in "?." for text in found)
