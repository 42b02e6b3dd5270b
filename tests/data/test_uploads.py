"""Uploaded tables and pictures: matched by name, and every mismatch said in one sentence."""

import pytest

from ecoflap.data.table import lines_of
from ecoflap.data.uploads import MOST_ROWS, Row, base_name, rows_from
from ecoflap.errors import EcoflapError


def files(folder, table="image,question,answer\n", *pictures, name="samples.csv"):
    """Uploads lie in folders of their own, whatever their names."""
    found = []
    for i, (called, text) in enumerate([(name, table), *((picture, "") for picture in pictures)]):
        place = folder / str(i)
        place.mkdir()
        (place / "file").write_text(text, encoding="utf-8")
        suffix = called.rsplit(".", 1)[-1]
        found.append((called, (place / "file").rename(place / f"stored.{suffix}")))
    return found


def kinds(rows):
    return [row.problem.code if row.problem else None for row in rows]


def test_rows_have_their_pictures_by_name_whatever_folder_the_table_says(tmp_path):
    table = "image,question,answer\nphotos/a.png,What ?,cat\nC:\\photos\\B.PNG,Why ?,\n"
    given = files(tmp_path, table, "a.png", "b.png")
    found = rows_from(given, "vision-language")
    assert [row.picture for row in found.rows] == [given[1][1], given[2][1]]
    assert [(row.question, row.expected) for row in found.rows] == [("What ?", "cat"), ("Why ?", "")]
    assert (found.table, found.notes, found.rows[0].where) == ("samples.csv", (), "Line 2 of samples.csv")


def test_rows_that_cannot_be_asked_say_so_with_their_line_and_the_others_stay(tmp_path):
    table = "image,question\na.png,What ?\nmissing.png,What ?\na.png,\n,What ?\n"
    found = rows_from(files(tmp_path, table, "a.png"), "vision-language")
    assert kinds(found.rows) == [None, "batch_no_picture", "samples_row", "samples_row"]
    assert str(found.rows[1].problem).startswith("Line 3 of samples.csv names the picture 'missing.png', which was not")
    assert found.rows[1].question == "What ?"


def test_what_is_unused_or_there_twice_is_said_and_the_last_one_counts(tmp_path):
    table = "image,question\na.png,What ?\n"
    given = files(tmp_path, table, "a.png", "other.png", "a.png")
    (tmp_path / "more").mkdir()
    given = [*files(tmp_path / "more", table, name="old.csv"), *given]
    found = rows_from(given, "vision-language")
    assert found.rows[0].picture == given[-1][1]
    tables, twice, unused = found.notes
    assert "old.csv" in tables and "a.png" in twice and "other.png" in unused and "a.png" not in unused


def test_the_same_file_uploaded_again_is_no_second_one(tmp_path):
    given = files(tmp_path, "image,question\na.png,What ?\n", "a.png")
    assert rows_from([*given, given[1]], "vision-language").notes == ()


def test_more_rows_than_the_most_are_cut_and_counted(tmp_path):
    table = "question\n" + "why ?\n" * (MOST_ROWS + 5)
    found = rows_from(files(tmp_path, table), "text")
    assert len(found.rows) == MOST_ROWS and found.notes == ("samples.csv has 205 rows; the first 200 are asked.",)


@pytest.mark.parametrize(
    ("kind", "table", "row"),
    [
        ("text", "question,answer\nwhy ?,so\n", ("", "why ?", "so")),
        ("classifier", "image,label\na.png,cat\n", ("a.png", "", "cat")),
        ("zero-shot", 'image,question\na.png,"cat, dog"\n', ("a.png", "cat, dog", "")),
    ],
)
def test_a_row_holds_what_the_kind_of_model_takes(tmp_path, kind, table, row):
    found = rows_from(files(tmp_path, table, "a.png"), kind).rows[0]
    assert (found.name, found.question, found.expected, found.problem) == (*row, None)


def test_a_classifier_needs_no_table(tmp_path):
    given = files(tmp_path, "", "a.png", "b.png")[1:]
    assert [row.name for row in rows_from(given, "classifier").rows] == ["a.png", "b.png"]
    with pytest.raises(EcoflapError, match=r"no table among the uploaded files \(pictures: 2\)"):
        rows_from(given, "vision-language")


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("image,question\n", "has no rows"),
        ("image|question\na.png|What ?\n", "lacks the column image, question"),
        ('image,question\na.png,"' + "x" * 200_000 + '"\n', "cannot be read as a table"),
        ('image,question\na.png,fine\nb.png,"not closed\nc.png,What ?\n', "from line 3 on: unexpected end of data"),
        ("image,question, Question\na.png,What ?,Why ?\n", "has the column Question twice"),
    ],
)
def test_a_table_that_cannot_be_used_is_one_sentence_without_its_place(tmp_path, table, words):
    with pytest.raises(EcoflapError, match=words) as error:
        rows_from(files(tmp_path, table), "vision-language")
    assert "samples.csv" in str(error.value) and str(tmp_path) not in str(error.value)


def test_a_row_with_a_comma_too_many_is_named_and_not_cut(tmp_path):
    table = 'image,question,answer\na.png,Red, or blue ?,red\na.png,"Red, or blue ?",red\n'
    found = rows_from(files(tmp_path, table, "a.png"), "vision-language").rows
    assert kinds(found) == ["samples_surplus", None]
    assert "Line 2 of samples.csv has more cells" in str(found[0].problem)
    assert found[1].question == "Red, or blue ?"


@pytest.mark.parametrize("mark", [";", "\t"])
def test_a_spreadsheets_semicolons_and_tabs_stand_between_cells(tmp_path, mark):
    table = "\ufeffimage;question;answer\na.png;Red, or blue ?;red\n".replace(";", mark)
    found = rows_from(files(tmp_path, table, "a.png"), "vision-language").rows[0]
    assert (found.name, found.question, found.expected, found.problem) == ("a.png", "Red, or blue ?", "red", None)


def test_lines_of_json_are_a_table_too(tmp_path):
    table = '{"image": "a.png", "question": "What ?", "answers": ["cat", "cat", "kitten"]}\nno json\n'
    found = rows_from(files(tmp_path, table, "a.png", name="rows.jsonl"), "vision-language").rows
    assert kinds(found) == [None, "samples_line"]
    assert [found[0].right(answer) for answer in ("Kitten.", "dog")] == [True, False]


def test_of_a_caption_nobody_says_that_another_is_wrong(tmp_path):
    found = rows_from(files(tmp_path, "image,caption\na.png,a red cat\n", "a.png"), "vision-language").rows[0]
    assert (found.question, found.expected) == ("a photo of", "")
    assert found.right("a cat") is None


def test_names_without_their_folders():
    assert [base_name(name) for name in ("a.png", "x/y/a.png", "C:\\x\\a.png", "..", "")] == ["a.png"] * 3 + ["..", ""]
    assert Row("here", expected="A red cat").right(" a red  cat. ") is True


def test_a_table_of_many_columns_is_refused_before_its_lines_are_read(tmp_path):
    wide = ",".join(["question", *(f"c{i}" for i in range(300))]) + "\n"
    with pytest.raises(EcoflapError, match="samples.csv has 301 columns"):
        rows_from(files(tmp_path, wide + "why ?\n"), "text")
    record = '{"question": "why ?", ' + ", ".join(f'"c{i}": 1' for i in range(300)) + "}\n"
    (tmp_path / "more").mkdir()
    with pytest.raises(EcoflapError, match="samples.jsonl has 301 columns"):
        rows_from(files(tmp_path / "more", record, name="samples.jsonl"), "text")


@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
def test_what_lies_beyond_the_most_rows_is_counted_and_not_kept(tmp_path, suffix):
    one = "why ?\n\n" if suffix == "csv" else '{"question": "why ?"}\n\n'
    path = tmp_path / f"samples.{suffix}"
    path.write_text(("question\n" if suffix == "csv" else "") + one * (MOST_ROWS + 5))
    names, lines, count = lines_of(path, "samples", MOST_ROWS)
    assert (names, len(lines), count) == (["question"], MOST_ROWS, MOST_ROWS + 5)
    assert len(lines_of(path, "samples")[1]) == MOST_ROWS + 5


DEEP = ["[" * 500 + "1" + "]" * 500, '{"answer": ' * 500 + "1" + "}" * 500]


@pytest.mark.parametrize("answer", ["1" + "0" * 400, *DEEP])
def test_an_answer_without_measure_is_no_crash(tmp_path, answer):
    line = f'{{"question": "why ?", "answer": {answer}}}\n'
    (row,) = rows_from(files(tmp_path, line, name="samples.jsonl"), "text").rows
    assert row.question == "why ?" and row.expected in ("", "1" + "0" * 400)
