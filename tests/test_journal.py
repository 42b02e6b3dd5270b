"""The journal of a run: whole lines come back to the last bit, whatever else its file holds."""

import json
import math
import os

import pytest

from ecoflap.store import Journal, apart, journal_path

VALUES = {"0/a": [0.1 + 0.2, 1e-300], "0/b": [math.pi], "1/a": [5e-324]}


@pytest.fixture
def path():
    return journal_path("key")


def write(path, values=VALUES):
    journal = Journal(path)
    for name, numbers in values.items():
        journal[name] = numbers
    return journal


def test_values_come_back_to_the_last_bit_in_their_order(path):
    write(path)
    assert list(Journal(path).items()) == list(VALUES.items())


def test_killed_after_any_byte_it_keeps_the_whole_lines_and_goes_on(path):
    write(path)
    text = path.read_bytes()
    ends = [place + 1 for place, byte in enumerate(text) if byte == ord("\n")]
    for cut in range(len(text) + 1):
        path.write_bytes(text[:cut])
        found = Journal(path)
        # A last line that lacks nothing but its end is whole.
        whole = sum(end - 1 <= cut for end in ends)
        assert dict(found) == dict(list(VALUES.items())[:whole])
        for name in VALUES.keys() - found.keys():
            found[name] = VALUES[name]
        assert Journal(path) == VALUES


@pytest.mark.parametrize(
    "junk",
    [
        b"\xff\xfe\x00\n",
        b"[[[[\n",
        b'{"0/a": [1.0]}\n',
        b'["0/a", [1]]\n',
        b'["0/a", ["1.0"]]\n',
        b'["0/a", 1.0]\n',
        b"[1, [1.0]]\n",
        b'["0/a", [1.0], 2]\n',
        b"\0" * 100,
        b"[" * 100_000 + b"\n",
        b'["0/b", [3.14',
    ],
    ids=lambda junk: ascii(junk[:12]),
)
def test_lines_that_say_nothing_are_passed_over(path, junk):
    path.parent.mkdir(parents=True)
    path.write_bytes(junk)
    assert Journal(path) == {}
    write(path)
    assert Journal(path) == VALUES


def test_two_that_measure_the_same_write_one_file(path):
    first, second = Journal(path), Journal(path)
    for name, numbers in VALUES.items():
        first[name] = numbers
        second[name] = numbers
    assert Journal(path) == first == second == VALUES
    first.remove()
    second["1/b"] = [2.0]
    assert Journal(path) == {"1/b": [2.0]}
    assert second == VALUES | {"1/b": [2.0]}
    second.remove()
    first.remove()
    assert not path.exists()


def test_where_nothing_can_be_written_the_values_stay_in_memory(monkeypatch, tmp_path, caplog):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("ECOFLAP_CACHE", str(tmp_path / "file"))
    journal = write(journal_path("key"))
    assert journal == VALUES
    assert len(caplog.records) == 1
    assert "not cached" in caplog.text


def test_a_file_that_cannot_be_read_is_an_empty_journal(path):
    path.mkdir(parents=True)
    assert write(path) == VALUES


def test_what_was_measured_cannot_be_taken_back(path):
    journal = write(path)
    with pytest.raises(TypeError, match="stays"):
        del journal["0/a"]
    assert json.loads(path.read_text().splitlines()[0]) == ["0/a", VALUES["0/a"]]


def test_a_cache_apart_is_empty_and_the_one_before_is_back_after_an_error(monkeypatch):
    before = os.environ["ECOFLAP_CACHE"]
    with pytest.raises(RuntimeError), apart():
        assert os.listdir(os.environ["ECOFLAP_CACHE"]) == []
        raise RuntimeError
    assert os.environ["ECOFLAP_CACHE"] == before
    monkeypatch.delenv("ECOFLAP_CACHE")
    with apart():
        assert os.environ["ECOFLAP_CACHE"]
    assert "ECOFLAP_CACHE" not in os.environ


@pytest.mark.parametrize("line", ['["0/x", []]', '["0/x", [NaN]]', '["0/x", [Infinity]]', '["0/x", [1]]', "[1, [1.0]]"])
def test_what_no_unit_writes_is_left_out(path, line):
    write(path)
    with path.open("a") as file:
        file.write(line + "\n")
    assert dict(Journal(path)) == VALUES
