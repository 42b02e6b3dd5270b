"""Several people at one page: everybody gets the answers of their own recipe. The long form is a benchmark."""

import pytest

from tests.serving.people import Person, Visitor, alone, crowd, pairs, together

PEOPLE, QUESTIONS, ROUNDS = 6, 3, 3


@pytest.fixture
def people(url):
    found = crowd(url, PEOPLE)
    yield found
    for person in found:
        person.close()


def test_all_at_once_everybody_gets_the_answers_of_their_own_recipe(people, demo, tmp_path, monkeypatch):
    # Answers of before would be answers of no recipe at all.
    monkeypatch.setattr(demo._answers, "get", lambda key: None)
    asked = pairs(tmp_path, QUESTIONS)
    expected, _ = alone(people, asked)
    assert len({str(answers) for answers in expected}) == PEOPLE
    heard = together(people, asked, expected, lambda count, seconds: count < ROUNDS)
    assert (heard.wrong, heard.errors) == (0, [])
    ways = (*Person.ways, *Visitor.ways)
    assert {way: len(heard.times[way]) for way in ways} == dict.fromkeys(ways, PEOPLE // 2 * ROUNDS)
