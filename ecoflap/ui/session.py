"""What one person has set: the knobs of the rail as a recipe, and the picture as a small token. Never weights."""

import base64
import hashlib
import json
import random
import tempfile
from io import BytesIO
from pathlib import Path
from typing import Any

from gradio.utils import get_upload_folder
from PIL import Image

from ecoflap.demo.drawing import draw
from ecoflap.demo.questions import suggestions
from ecoflap.demo.scenes import Scene, random_scene, scene_of
from ecoflap.errors import EcoflapError
from ecoflap.pictures import open_picture
from ecoflap.types import Recipe
from ecoflap.types.pattern import SPARSITY, UNSTRUCTURED

DEFAULTS = {
    "percent": 50,
    "cap_mode": "margin",
    "margin": 10,
    "cap": 60,
    "granularity": "block",
    "allocator": "ecoflap",
    "bridge": False,
    "pattern": UNSTRUCTURED,
    "scores": "",
    "overrides": {},
}
# Bits of the seed of a new scene: a browser's numbers are whole up to 53.
SEED_BITS = 48
# How the browser gets pictures that are no files, and what it sends them as.
SENT = ("drawing", "pasted", "dropped", "camera")
SENT_TYPES = {"data:image/png;base64": "png", "data:image/jpeg;base64": "jpg"}
# It makes them 1024 pixels a side at most and falls back on JPEG beyond 1.5 MB: whatever is far larger is not from it.
MAX_SENT = 4_000_000


def percent_of(value: Any, name: str, most: int = 100) -> float:
    """A share from a slider's percentage.

    Raises:
        EcoflapError: it is no number from 0 to `most` (raw requests may carry anything).
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= most:
        raise EcoflapError("page_percent", name=name, value=value, most=most)
    return round(value) / 100


def recipe_of(
    percent: Any,
    cap_mode: str,
    margin: Any,
    cap: Any,
    granularity: str,
    allocator: str,
    bridge: bool,
    pattern: str = UNSTRUCTURED,
    scores: str = "",
    overrides: dict[str, float] | None = None,
) -> Recipe:
    """The recipe that the rail's knobs describe, in the order of DEFAULTS; a pattern fixes target, cap and overrides.

    Raises:
        EcoflapError: a value no knob offers, or a target above the cap.
    """
    fixed = cap_mode == "fixed"
    settings = {
        "target": percent_of(percent, "target", 95),
        "max_sparsity": percent_of(cap, "cap") if fixed else None,
        "cap_margin": 0.1 if fixed else percent_of(margin, "margin"),
        "overrides": overrides or {},
    }
    return Recipe(
        **(settings if pattern == UNSTRUCTURED else {"target": SPARSITY}),
        granularity=granularity,
        allocator=allocator,
        modalities=("vision", "bridge", "language") if bridge else ("vision", "language"),
        pattern=pattern,
        bundle=scores or "",
    )


def knobs_of(values: Any) -> list[Any]:
    """The knobs' values in the order of DEFAULTS, from what the browser sent by name; what it did not send is default.

    Raises:
        EcoflapError: they describe no recipe.
    """
    given = values if isinstance(values, dict) else {}
    # No scores and no locks have several forms in JSON; recipes read all of them, the page reads one.
    given = given | {name: given.get(name) or DEFAULTS[name] for name in ("scores", "overrides")}
    knobs = [given.get(name, value) for name, value in DEFAULTS.items()]
    recipe_of(*knobs)
    return knobs


def scene_token(seed: int) -> dict[str, Any]:
    """The token of a scene that a seed draws."""
    return {"seed": seed}


def example_token(index: int) -> dict[str, Any]:
    """The token of an example of the gallery: an evaluation scene, never seen in training."""
    return {"example": index}


def mark_of(token: dict[str, Any]) -> str:
    """What tells the picture of a token apart, for the browser, which sees no paths: 16 hex digits."""
    return hashlib.sha256(json.dumps(token, sort_keys=True).encode()).hexdigest()[:16]


def scene_for(token: dict[str, Any]) -> Scene | None:
    """The scene behind a token, or None where the picture is an upload or a drawing."""
    if "seed" in token:
        return random_scene(random.Random(token["seed"]))
    return scene_of("evaluation", token["example"]) if "example" in token else None


def picture_for(token: dict[str, Any]) -> Image.Image:
    """The picture behind a token.

    Raises:
        EcoflapError: the file is gone or is no picture that can be opened.
    """
    scene = scene_for(token)
    return open_picture(token["path"], token.get("name", "")) if scene is None else draw(scene)


def questions_for(token: dict[str, Any]) -> list[str]:
    """Questions that fit the picture; none where nothing is known about it."""
    scene = scene_for(token)
    return [] if scene is None else suggestions(scene)


def upload_token(file: Any) -> dict[str, Any]:
    """The token of an uploaded picture, once it has been opened.

    Raises:
        EcoflapError: not an uploaded file, unreadable, or too large.
    """
    path = uploaded(file)
    open_picture(path)
    return {"path": str(path), "kind": "upload"}


def sent_token(data_url: Any, kind: Any) -> dict[str, Any]:
    """The token of a picture that the browser sent as a data URL: drawn, pasted, dropped, or of the camera.

    Args:
        data_url: a PNG or JPEG, in base64.
        kind: one of SENT.

    Raises:
        EcoflapError: not such a picture, or one of more than MAX_SENT characters.
    """
    head, _, body = data_url.partition(",") if isinstance(data_url, str) else ("", "", "")
    suffix = SENT_TYPES.get(head)
    if suffix is None or kind not in SENT or len(body) > MAX_SENT:
        raise EcoflapError("page_sent", value=head[:40] or type(data_url).__name__)
    try:
        data = base64.b64decode(body, validate=True)
    except ValueError as error:
        raise EcoflapError("page_sent", value=error) from error
    # Nothing that is no picture reaches the disk.
    open_picture(BytesIO(data), f"{kind}.{suffix}")
    return {"path": str(_written(data, f"{kind}.{suffix}")), "kind": kind}


def _written(data: bytes, name: str) -> Path:
    """The path of a picture in the folder for uploads: equal pictures have one, and it is whole once it is there."""
    folder = Path(get_upload_folder()) / hashlib.sha256(data).hexdigest()
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=folder, delete=False) as file:
        file.write(data)
    # Two people may send the same one at the same moment.
    return Path(file.name).replace(folder / name)


def uploaded(file: Any) -> Path:
    """The path of an uploaded file, given as a path or as Gradio's file record.

    Raises:
        EcoflapError: it does not lie in the folder for uploads, so nobody uploaded it.
    """
    name = file.get("path") if isinstance(file, dict) else getattr(file, "path", file)
    if name is None:
        raise EcoflapError("picture_none")
    try:
        path = Path(str(name)).resolve()
    except (ValueError, OSError) as error:
        raise EcoflapError("page_not_uploaded", value=ascii(name)[:80]) from error
    if not path.is_relative_to(Path(get_upload_folder()).resolve()):
        raise EcoflapError("page_not_uploaded", value=str(name)[:80])
    return path
