"""Opening a picture that somebody gave us: bounded in size, verified, and refused with one sentence."""

import warnings
from pathlib import Path
from typing import BinaryIO

from PIL import Image, ImageOps, UnidentifiedImageError

from ecoflap.errors import EcoflapError

# A model sees a few hundred pixels a side; 40 megapixels is the largest photograph that phones take by default.
MAX_PIXELS = 40_000_000
FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP")


def open_picture(path: str | Path | BinaryIO, name: str = "") -> Image.Image:
    """The picture at `path`, upright, in RGB, transparent parts on white.

    The size is read from the header, so a huge picture costs nothing.

    Args:
        path: a file's path, or its content.
        name: what errors call it; by default the file's name.

    Raises:
        EcoflapError: unreadable, of another format, too large, or cut short.
    """
    name = name or Path(path).name
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            image = Image.open(path, formats=FORMATS)
        if image.width * image.height > MAX_PIXELS:
            raise _too_large(name, f"{image.width} x {image.height}")
        image = ImageOps.exif_transpose(image)
        return on_white(image)
    except Image.DecompressionBombError as error:
        raise _too_large(name, "over 170 million") from error
    except UnidentifiedImageError as error:
        raise EcoflapError("picture_format", name=name, formats=", ".join(FORMATS)) from error
    except FileNotFoundError as error:
        raise EcoflapError("picture_missing", name=name) from error
    except (OSError, ValueError, SyntaxError) as error:
        raise EcoflapError("picture_broken", name=name) from error


def on_white(image: Image.Image) -> Image.Image:
    """`image` in RGB; what is transparent becomes white, as on paper."""
    if not image.has_transparency_data:
        return image.convert("RGB")
    layer = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer).convert("RGB")


def _too_large(name: str, size: str) -> EcoflapError:
    return EcoflapError("picture_too_large", name=name, size=size, most=MAX_PIXELS // 1_000_000)
