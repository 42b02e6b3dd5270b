"""Pictures that people give us: bounded, verified, and each refusal one sentence."""

import io
import struct
import zlib

import pytest
from PIL import Image

from ecoflap.errors import EcoflapError
from ecoflap.pictures import open_picture


def huge_png(side):
    """A PNG that says it is side x side; its data would unpack to that, its file is small."""

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    packer = zlib.compressobj(9)
    rows = b"".join(packer.compress(b"\0" * (side + 1)) for _ in range(side)) + packer.flush()
    head = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def png():
    body = io.BytesIO()
    Image.effect_noise((64, 64), 50).save(body, "PNG")
    return body.getvalue()


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"", "not a picture that can be read"),
        (b"hello", "not a picture that can be read"),
        (b"<svg onload=alert(1)>", "not a picture that can be read"),
        (png()[:200], "is damaged"),
        (huge_png(13300), r"too large \(13300 x 13300 pixels\)"),
    ],
    ids=["empty", "text", "svg", "cut", "huge"],
)
def test_what_is_no_usable_picture_gets_one_sentence(tmp_path, body, sentence):
    path = tmp_path / "x.png"
    path.write_bytes(body)
    with pytest.raises(EcoflapError, match=sentence) as caught:
        open_picture(path)
    assert str(tmp_path) not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_picture_is_named(tmp_path):
    with pytest.raises(EcoflapError, match="no picture"):
        open_picture(tmp_path / "none.png")


def test_what_is_transparent_becomes_white(tmp_path):
    image = Image.new("RGBA", (4, 4), (0, 0, 0, 0))
    image.putpixel((1, 1), (255, 0, 0, 255))
    image.save(tmp_path / "x.png")
    found = open_picture(tmp_path / "x.png")
    assert found.mode == "RGB"
    assert (found.getpixel((0, 0)), found.getpixel((1, 1))) == ((255, 255, 255), (255, 0, 0))


@pytest.mark.parametrize("mode", ["1", "L", "P", "LA", "I;16", "CMYK"])
def test_every_mode_becomes_rgb(tmp_path, mode):
    kind = "JPEG" if mode == "CMYK" else "PNG"
    Image.new(mode, (5, 7)).save(tmp_path / "x", kind)
    assert open_picture(tmp_path / "x").size == (5, 7)
