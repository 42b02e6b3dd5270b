"""Every sentence that the page's scripts and builders ask for exists, and none is left over."""

import re
from pathlib import Path

from ecoflap.texts import table
from ecoflap.ui import embed

ROOT = Path(__file__).resolve().parents[2]
SOURCES = [
    *(ROOT / "ecoflap/ui").glob("*.py"),
    *(ROOT / "ecoflap/plots").glob("*.py"),
    ROOT / "app.py",
    *(ROOT / "assets").glob("*.js"),
]
# Keys whose last part is put together from a name, by the file that does it.
BUILT = (
    r"page\.(modality|allocator|stack|part|operator|rail|ask|unit|draw\.colour|dense|models|strip\.zeros|map\.short|suggest|scoring|skyline|sweep)\."
    r"|page\.(curves|axis\.importance|strip\.format|compare\.said|batch\.(lead|sample|column))\."
)


def test_no_sentence_is_missing_and_none_is_unused():
    code = "\n".join(path.read_text(encoding="utf-8") for path in SOURCES)
    asked = set(re.findall(r"\"(page\.[a-z_.0-9]*[a-z_0-9])\"", code)) - {"page.css"}
    known = {key for key in table() if key.startswith("page.")}
    assert asked - known == set()
    unused = {key for key in known - asked if not re.match(BUILT, key)}
    assert unused == set()


def test_built_keys_are_used_by_their_last_part():
    code = "\n".join(path.read_text(encoding="utf-8") for path in SOURCES)
    for key in table():
        if key.startswith(("page.rail.", "page.ask.", "page.sweep.")) and f'"{key}"' not in code:
            rest = key.split(".", 2)[2]
            named = any(f'"{part}"' in code for part in rest.split(".")[:2])
            assert f'"{rest}"' in code or named or f"`{key.rsplit('.', 1)[0]}.${{" in code, key


def test_sentences_in_the_head_cannot_end_their_script():
    assert embed.script_json({"a": "</script><script>alert(1)"}) == '{"a": "\\u003c/script>\\u003cscript>alert(1)"}'
    assert embed.head().count("<script>") == len(embed.SCRIPTS) + 1


def test_scripts_never_write_markup():
    for path in (ROOT / "assets").glob("*.js"):
        assert not re.search(
            r"innerHTML|outerHTML|insertAdjacentHTML|document\.write", path.read_text(encoding="utf-8")
        ), path
