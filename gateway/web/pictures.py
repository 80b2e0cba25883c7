"""Pictures as pages show them: drawn anew, so that no place, name or trick travels along."""

from __future__ import annotations

import io

from PIL import Image, ImageOps, UnidentifiedImageError

#: What is drawn; anything else can be downloaded only.
_FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF")
PICTURES = frozenset(
    {"image/jpeg", "image/png", "image/gif", "image/webp", "image/bmp", "image/tiff"}
)
#: More is a bomb rather than a photo: a phone's largest has a hundred million.
_MOST_PIXELS = 120_000_000
_SIDE = 1600


class NotShown(Exception):
    """These bytes make no picture."""


def without_metadata(content: bytes) -> tuple[bytes, str]:
    """The picture, upright, in at most ``_SIDE`` pixels a side, with its type. Raises NotShown."""
    try:
        with Image.open(io.BytesIO(content), formats=_FORMATS) as picture:
            if picture.width * picture.height > _MOST_PIXELS:
                raise NotShown
            # A large JPEG is read at a fraction of its size at once.
            picture.draft("RGB", (_SIDE, _SIDE))
            upright = ImageOps.exif_transpose(picture)
            upright.thumbnail((_SIDE, _SIDE))
            return _drawn(upright)
    except NotShown:
        raise
    except (
        UnidentifiedImageError,
        Image.DecompressionBombError,
        OSError,
        SyntaxError,
        ValueError,
    ) as broken:
        raise NotShown from broken


def _drawn(picture: Image.Image) -> tuple[bytes, str]:
    """New pixels in a new file: nothing of the old one but what is seen."""
    clear = picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info
    mode, name = ("RGBA", "PNG") if clear else ("RGB", "JPEG")
    canvas = Image.new(mode, picture.size)
    canvas.paste(picture.convert(mode))
    out = io.BytesIO()
    canvas.save(out, name)
    return out.getvalue(), f"image/{name.lower()}"
