"""VQA accuracy: how far an answer agrees with those of ten people.

Source: Antol et al., VQA: Visual Question Answering, ICCV 2015, section 4, and the rules on
https://visualqa.org/evaluation.html, in the order in which the public evaluation code applies them.
"""

import re
from collections.abc import Sequence

PEOPLE = 10
# So many who said the same make an answer right.
ENOUGH = 3
PUNCTUATION = ';/[]"{}()=+\\_-><@`,?!'
ARTICLES = ("a", "an", "the")
_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
NUMBERS = {word: str(number) for number, word in enumerate(_WORDS)} | {"none": "0"}
_THOUSANDS = re.compile(r"\d,\d")
_POINT = re.compile(r"\.(?!\d)")
# Contractions whose letters alone are no other word (he'll and hell, we're and were stay apart).
CONTRACTIONS = """
ain't aren't can't could've couldn't couldn't've didn't doesn't don't hadn't hadn't've hasn't haven't he'd he'd've he's
how'd how'll how's i'd've i'm i've isn't it'd it'd've it'll ma'am mightn't mightn't've might've mustn't must've needn't
not've o'clock oughtn't 'ow's'at shan't she'd've should've shouldn't shouldn't've somebody'd somebody'd've somebody'll
somebody's someone'd someone'd've someone'll someone's something'd something'd've something'll that's there'd there'd've
there're there's they'd they'd've they'll they're they've 'twas wasn't we'd've we've weren't what'll what're what's
what've when's where'd where's where've who'd who'd've who'll who's who've why'll why're why's won't would've wouldn't
wouldn't've y'all y'all'll y'all'd've you'd you'd've you'll you're you've
"""
_BY_LETTERS = {word.replace("'", ""): word for word in CONTRACTIONS.split()}


def normalise_vqa(text: str) -> str:
    """What VQA accuracy compares.

    Punctuation becomes a blank, and nothing where it stands beside one or the text has a comma between digits; points
    stay before digits only, apostrophes and colons everywhere. Then lower case, number words up to ten as digits, no
    articles, and the apostrophes that contractions miss.
    """
    joined = _THOUSANDS.search(text)
    found = text
    for mark in PUNCTUATION:
        beside = f"{mark} " in text or f" {mark}" in text
        found = found.replace(mark, "" if joined or beside else " ")
    words = [NUMBERS.get(word, word) for word in _POINT.sub("", found).lower().split()]
    return " ".join(_BY_LETTERS.get(word.replace("'", ""), word) for word in words if word not in ARTICLES)


def vqa_accuracy(answer: str, references: Sequence[str]) -> float:
    """The mean over all ways to leave out one of the people of min(1, those left who said `answer` / 3).

    Args:
        answer: the model's.
        references: what people answered; by definition ten of them.

    Returns:
        Of ten people 0, 0.3, 0.6, 0.9 or 1, where none, one, two, three or more said the same.
    """
    said = normalise_vqa(answer)
    agree = sum(normalise_vqa(reference) == said for reference in references)
    others = len(references) - agree
    return (agree * min(1.0, (agree - 1) / ENOUGH) + others * min(1.0, agree / ENOUGH)) / len(references)
