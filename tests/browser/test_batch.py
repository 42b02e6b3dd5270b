"""Many at once: the example scenes, a table of one's own with its pictures, what is wrong with it, and the export."""

import csv
import io
import threading

from PIL import Image

STATE = "#batch .mount[data-state={}]"
PAYLOAD = "<img src=x onerror=window.hacked=1>"


def picture(colour: str, side: int = 64) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (side, side), colour).save(buffer, "PNG")
    return buffer.getvalue()


def upload(opened, *files: tuple[str, bytes]) -> None:
    kinds = {"csv": "text/csv", "png": "image/png"}
    with opened.page.expect_file_chooser() as chooser:
        opened.page.click("#batch-upload")
    chooser.value.set_files(
        [{"name": name, "mimeType": kinds[name.rsplit(".", 1)[-1]], "buffer": data} for name, data in files]
    )


def ask(opened) -> None:
    opened.page.locator("#batch .tools .primary").click()
    opened.page.wait_for_selector(STATE.format("done"))


def line(opened, row: int):
    return opened.page.locator(f"#batch tbody tr[data-row='{row}']")


def saved(opened) -> list[dict]:
    with opened.page.expect_download() as download:
        opened.page.locator("#batch").get_by_text("Save as CSV").click()
    with open(download.value.path(), newline="", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


def examples(opened) -> None:
    opened.page.click("#batch-examples")
    opened.page.wait_for_selector(STATE.format("done"))


def test_the_example_scenes_are_asked_with_one_click_and_marked(demo_page):
    page = demo_page.page
    demo_page.drag(70)
    demo_page.shown(70)
    examples(demo_page)
    assert page.locator("#batch tbody tr").count() == 20
    rows = saved(demo_page)
    assert len(rows) == 20 and {(row["target"], row["allocator"]) for row in rows} == {("0.7", "ecoflap")}
    same = sum(row["same"] == "true" for row in rows)
    assert page.locator("#batch .summary h3").text_content() == f"{same} of 20 answers are the same"
    right = sum(row["pruned_right"] == "true" for row in rows)
    assert page.locator("#batch .share .number").nth(1).text_content().startswith(f"{right} of 20 (")
    assert sum(row["dense_right"] == "true" for row in rows) >= 17
    assert all((row["dense"] == row["pruned"]) == (row["same"] == "true") for row in rows)
    assert line(demo_page, 0).locator("img").get_attribute("src").startswith("data:image/png")


def test_a_row_goes_before_the_model_and_gets_the_same_answer_there(demo_page):
    page = demo_page.page
    examples(demo_page)
    row = saved(demo_page)[3]
    line(demo_page, 3).locator(".open").click()
    page.wait_for_function("(text) => document.querySelector('#question textarea').value === text", arg=row["question"])
    page.click("#ask")
    page.wait_for_selector("#answers .mount[data-state=done]")
    assert page.locator("#answers .answer").first.text_content() == row["dense"]


def test_a_table_with_its_pictures_and_everything_that_is_wrong_with_it(opened):
    page = opened.page
    table = (
        "image,question,answer\n"
        "photos/a.png,What is it?,A red circle.\n"
        "missing.png,What is it?,x\n"
        "broken.png,What is it?,x\n"
        f'a.png,"{PAYLOAD}",=1+1\n'
    )
    upload(
        opened,
        ("rows.csv", table.encode()),
        ("a.png", picture("red")),
        ("broken.png", picture("red")[:60]),
        ("other.png", picture("blue")),
    )
    page.wait_for_selector(STATE.format("ready"))
    assert page.locator("#batch .notes li").all_text_contents() == ["No row names these pictures: other.png."]
    assert "missing.png" in line(opened, 1).locator(".refused").text_content()
    ask(opened)
    assert "broken.png" in line(opened, 2).locator(".refused").text_content()
    assert line(opened, 0).locator(".verdict").all_text_contents() == ["right", "wrong"]
    assert line(opened, 0).locator("mark").all_text_contents() == ["circle", "square"]
    assert line(opened, 3).locator("td.question").text_content() == PAYLOAD
    assert page.evaluate("window.hacked") is None
    rows = saved(opened)
    assert [row["row"] for row in rows] == [f"Line {i} of rows.csv" for i in (2, 3, 4, 5)]
    assert (rows[3]["question"], rows[3]["answer"]) == (PAYLOAD, "'=1+1")
    assert (rows[0]["dense"], rows[0]["pruned"], rows[0]["same"]) == ("a red circle", "a red square", "false")
    assert rows[1]["dense"] == "" and "missing.png" in rows[1]["problem"]


def test_names_of_files_are_text(opened):
    table = f'image,question\n"{PAYLOAD}.png",What?\n'
    upload(opened, ("rows.csv", table.encode()))
    opened.page.wait_for_selector(STATE.format("ready"))
    assert PAYLOAD in line(opened, 0).text_content()
    assert opened.page.evaluate("window.hacked") is None


def test_pictures_may_come_before_their_table(opened):
    page = opened.page
    upload(opened, ("a.png", picture("red")))
    page.wait_for_selector(STATE.format("waiting"))
    assert "no table" in page.locator("#batch .problem").text_content()
    upload(opened, ("rows.csv", b"image,question\na.png,What?\n"))
    page.wait_for_selector(STATE.format("ready"))
    ask(opened)
    assert "Expected" not in page.locator("#batch thead").text_content()
    page.locator("#batch").get_by_text("Clear", exact=True).click()
    page.wait_for_selector(STATE.format("empty"), state="attached")
    assert not page.locator("#batch .lines").is_visible()


def test_rows_fill_in_and_a_stop_keeps_them(opened, explorer):
    page, going, answered = opened.page, threading.Semaphore(1), explorer.answer

    def answer(*arguments):
        going.acquire()
        return answered(*arguments)

    explorer.answer = answer
    page.click("#batch-examples")
    page.wait_for_function("document.querySelectorAll('#batch td.dense .said').length === 8")
    assert "8 of 20" in page.locator("#batch .doing").text_content()
    with page.expect_response(lambda response: "/run/" in response.url or "/queue/join" in response.url):
        page.locator("#batch").get_by_text("Stop", exact=True).click()
    going.release()
    page.wait_for_selector(STATE.format("stopped"))
    assert page.locator("#batch td.dense .said").count() == 16
    assert "What is done stays" in page.locator("#batch .problem").text_content()
    going.release(10)
    ask(opened)
    assert page.locator("#batch td.pruned .said").count() == 20
    assert explorer.calls["answer"] == 2 + 1 + 3, "the dense rows that were done were asked again"


def test_lines_sort_and_hide_and_say_when_they_are_out_of_date(opened):
    page = opened.page
    examples(opened)
    page.locator("#batch thead").get_by_text("Question").click()
    shown = page.locator("#batch td.question").all_text_contents()
    assert shown == sorted(shown, key=str.casefold)
    page.locator("#batch thead").get_by_text("Question").click()
    assert page.locator("#batch td.question").all_text_contents()[0] == shown[-1]
    assert page.locator("#batch th[aria-sort=descending]").text_content() == "Question"
    assert page.get_attribute("#batch .mount", "data-stale") == "false"
    opened.drag(20)
    page.wait_for_selector("#batch .mount[data-stale=true]")
    assert "50%" in page.locator("#batch .stale").text_content()
    ask(opened)
    page.wait_for_selector("#batch .mount[data-stale=false]")
