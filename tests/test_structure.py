"""The shape of the code: imports go down, libraries stay in their places, every sentence exists and is used."""

import ast
import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SOURCES = [*sorted((ROOT / "ecoflap").rglob("*.py")), ROOT / "app.py"]
# Lower layers first; a module may import from its own layer and from those before it.
LAYERS = (
    ("texts", "errors", "types"),
    (
        "accuracy",
        "vqa_accuracy",
        "command",
        "allocation",
        "formats",
        "pictures",
        "pruning",
        "bitmask",
        "masking",
        "replay",
    ),
    ("importance",),
    ("models", "demo", "data"),
    (
        "store",
        "bench",
        "validation",
        "scoring",
        "solving",
        "engine",
        "answering",
        "evaluation",
        "export",
        "measuring",
        "shelf",
        "loader",
        "blaming",
        "breaking",
        "inspecting",
        "batch",
        "asking",
        "explorer",
        "scores_only",
        "sweep",
        "sweep_file",
        "comparing",
        "cluster",
        "results",
        "turns",
        "host",
    ),
    ("plots", "ui", "cli", "__main__"),
    ("app",),
)
HOMES = {
    "gradio": ("ecoflap/ui/", "app.py"),
    "plotly": ("ecoflap/ui/figures.py",),
    "transformers": ("ecoflap/models/huggingface/", "ecoflap/demo/", "ecoflap/validation/blip2.py"),
    "datasets": ("ecoflap/data/hub_datasets.py",),
    "ray": ("ecoflap/cluster/connection.py",),
    "grpc": ("ecoflap/cluster/connection.py",),
    "lavis": ("ecoflap/models/lavis/",),
}
NO_TORCH = tuple(f"ecoflap/{part}" for part in ("types", "allocation", "texts", "errors.py", "plots", "ui"))


def imports(path):
    """Names of all modules that `path` imports, type-checking imports included."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def level(module):
    """Layer of an ecoflap module, None for the package itself."""
    parts = module.split(".")
    name = "app" if parts[0] == "app" else parts[1] if len(parts) > 1 else None
    return next((i for i, names in enumerate(LAYERS) if name in names), None)


def where(path):
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", SOURCES, ids=where)
def test_imports_go_down_only(path):
    own = level(where(path).removesuffix(".py").replace("/", "."))
    for module in imports(path):
        if module.split(".")[0] == "ecoflap" and level(module) is not None and own is not None:
            assert level(module) <= own, f"{where(path)} imports {module}"


def test_every_module_has_a_layer():
    names = {path.relative_to(ROOT / "ecoflap").parts[0].removesuffix(".py") for path in SOURCES[:-1]} - {"__init__"}
    assert names == {name for layer in LAYERS for name in layer} - {"app"}


@pytest.mark.parametrize("path", SOURCES, ids=where)
def test_libraries_stay_in_their_places(path):
    for module in imports(path):
        homes = HOMES.get(module.split(".")[0])
        assert homes is None or where(path).startswith(homes), f"{where(path)} imports {module}"
        if where(path).startswith(NO_TORCH):
            assert module.split(".")[0] != "torch"


def test_every_error_has_its_sentence_with_its_facts():
    table = json.loads((ROOT / "ecoflap/texts/en.json").read_text())
    used = set()
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "EcoflapError":
                if not isinstance(node.args[0], ast.Constant):  # a copy of one that was raised
                    continue
                code = node.args[0].value
                used.add(f"error.{code}")
                wanted = set(re.findall(r"{(\w+)", table[f"error.{code}"]))
                given = {keyword.arg for keyword in node.keywords}
                assert None in given or wanted <= given, f"{where(path)}: {code} lacks {wanted - given}"
    assert used == {key for key in table if key.startswith("error.")}


def test_every_other_sentence_is_used():
    table = json.loads((ROOT / "ecoflap/texts/en.json").read_text())
    code = "\n".join(path.read_text(encoding="utf-8") for path in SOURCES)
    code += "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "assets").glob("*.js"))
    built = ("cli.option.", "page.", "bench.")  # their last part is put together from a name
    unused = [key for key in table if not key.startswith(("error.", *built)) and f'"{key}"' not in code]
    assert [key for key in unused if not re.fullmatch(r"cli\.\w+\.help", key)] == []
