"""Bitmaps: their sizes, what they must not tell, and smaller versions of large ones.

The only module that knows Pillow.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator

from PIL import Image, ImageOps, UnidentifiedImageError

LARGE = 100_000
"""Bytes; a larger picture is published in smaller versions, too."""
WIDTHS = (480, 800, 1200, 1600)
"""Pixels of the smaller versions: a phone, a page, and both on dense screens."""
QUALITY = 82
"""Of WebP; 100 is the best."""
FEW_COLOURS = 256
"""A picture with no more colours is a drawing or a screen: it stays as sharp as it is."""
SHARED_WIDTH = 600
"""Pixels of the narrowest picture that Facebook shows large."""
SHARED_PROPORTIONS = (1.5, 2.5)
"""Width to height; Facebook and X cut what is shown large to 1.91 or 2."""
ORIENTATION = 0x0112
"""Exif 2.32, 4.6.4 A: how the camera was held."""

PNG_ORIENTATIONS = (b"eXIf", b"Raw profile", b"adobe.xmp")
"""One of them stands in every PNG that tells it."""

BROKEN = (UnidentifiedImageError, Image.DecompressionBombError, OSError, SyntaxError, TypeError)
BROKEN_TOO = (ValueError, struct.error, IndexError, KeyError, EOFError, OverflowError)
"""What Pillow raises for bytes that are no picture."""


def measure_bitmap(content: bytes) -> tuple[int, int] | None:
    """Width and height in CSS pixels, or None for what is no picture.

    A bitmap that says it has more than 96 pixels an inch is shown at its size in inches, as
    Matplotlib means it. A photograph is measured as it is held.
    """
    try:
        with Image.open(io.BytesIO(content)) as picture:
            width, height = picture.size
            dpi = float(picture.info.get("dpi", (96, 96))[0])
            if _orientation(picture, content) >= 5:
                width, height = height, width
            is_photograph = picture.format == "JPEG"
    except (*BROKEN, *BROKEN_TOO):
        return None
    # What a camera says of its inches is made up.
    scale = 96 / dpi if dpi > 97 and not is_photograph else 1.0
    return max(round(width * scale), 1), max(round(height * scale), 1)


def _orientation(picture: Image.Image, content: bytes) -> int:
    """How a picture was held: 1 is upright."""
    # It may stand at a PNG's end: to be sure that it does not, Pillow would decode all of it.
    if picture.format == "PNG" and not any(mark in content for mark in PNG_ORIENTATIONS):
        return 1
    return int(picture.getexif().get(ORIENTATION, 1))


def shareable(content: bytes, chosen: bool) -> tuple[int, int] | None:
    """Width and height in pixels of a bitmap that can stand for a post elsewhere, else None.

    One that nobody has chosen must be fit for it: what is small is shown as a stamp, what has
    other proportions is cut, and through what is clear shines a ground that nobody knows.
    """
    try:
        with Image.open(io.BytesIO(content)) as picture:
            width, height = picture.size
            if chosen:
                return width, height
            least, most = SHARED_PROPORTIONS
            fits = width >= SHARED_WIDTH and least <= width / height <= most
            if not fits or _orientation(picture, content) >= 5:
                return None
            if picture.has_transparency_data:
                alpha = picture.convert("RGBA").getchannel("A")
                return (width, height) if alpha.getextrema()[0] == 255 else None
            return width, height
    except (*BROKEN, *BROKEN_TOO):
        return None


def has_clear_ground(content: bytes) -> bool:
    """Whether the page shows through a picture."""
    try:
        with Image.open(io.BytesIO(content)) as picture:
            return picture.has_transparency_data
    except (*BROKEN, *BROKEN_TOO):
        return False


def smaller_versions(content: bytes) -> tuple[tuple[int, bytes], ...]:
    """(width, WebP) of a large picture, narrow ones first; nothing for what is small or moves."""
    if len(content) <= LARGE:
        return ()
    try:
        with Image.open(io.BytesIO(content)) as picture:
            if getattr(picture, "n_frames", 1) > 1:
                return ()
            # JPEG is decoded faster to no more than is needed.
            picture.draft(None, (WIDTHS[-1], WIDTHS[-1]))
            upright = ImageOps.exif_transpose(picture)
            colours = upright.convert("RGB").getcolors(FEW_COLOURS)
            mode = "RGBA" if upright.has_transparency_data else "RGB"
            profile = picture.info.get("icc_profile")
            upright = upright.convert(mode)
    except (*BROKEN, *BROKEN_TOO):
        return ()
    own = upright.width
    widths = [width for width in WIDTHS if width < own] + ([own] if own <= WIDTHS[-1] else [])
    versions = []
    for width in widths:
        height = max(round(upright.height * width / own), 1)
        scaled = upright if width == own else upright.resize((width, height), 1, reducing_gap=3)
        lossless = bool(colours) and width == own
        buffer = io.BytesIO()
        scaled.save(
            buffer,
            "WEBP",
            lossless=lossless,
            quality=QUALITY,
            # Twice as fast as the usual 4, and a few percent larger.
            method=2,
            icc_profile=profile or b"",
        )
        versions.append((width, buffer.getvalue()))
    return tuple((width, webp) for width, webp in versions if len(webp) < len(content))


# --- what a picture must not tell -------------------------------------------------------------


def without_metadata(content: bytes) -> bytes:
    """The same picture without Exif, XMP, IPTC and comments: no place, camera, name or date.

    Its pixels are not touched, unless a camera was held askew: then it is turned upright.
    """
    try:
        with Image.open(io.BytesIO(content)) as picture:
            kind, orientation = picture.format, _orientation(picture, content)
            has_exif = kind in ("AVIF", "TIFF") and bool(picture.getexif())
        if kind in ("JPEG", "WEBP", "PNG") and orientation in range(2, 9):
            return _upright(content)
        if kind in REMOVERS:
            return b"".join(REMOVERS[kind](content))
        return _upright(content) if has_exif else content
    except (*BROKEN, *BROKEN_TOO):
        return content


def _upright(content: bytes) -> bytes:
    with Image.open(io.BytesIO(content)) as picture:
        kind = str(picture.format)
        profile = picture.info.get("icc_profile")
        dpi = picture.info.get("dpi")
        upright = ImageOps.exif_transpose(picture)
    settings: dict[str, object] = {"icc_profile": profile, "exif": b""}
    if kind in ("JPEG", "WEBP", "AVIF"):
        settings["quality"] = 92
    if kind == "PNG" and dpi:
        settings["dpi"] = dpi
    for key in [key for key in upright.info if key not in ("transparency", "icc_profile")]:
        del upright.info[key]
    buffer = io.BytesIO()
    upright.save(buffer, kind, **{name: value for name, value in settings.items() if value})
    return buffer.getvalue()


def _jpeg(content: bytes) -> Iterator[bytes]:
    """ITU-T T.81, annex B: marker segments; of the applications' own, JFIF, ICC and Adobe stay."""
    yield content[:2]
    place = 2
    while place < len(content):
        marker = content[place + 1]
        if content[place] != 0xFF or marker == 0xD9:
            break
        if marker == 0xFF:
            place += 1
            continue
        (length,) = struct.unpack_from(">H", content, place + 2)
        end = place + 2 + length
        segment = content[place:end]
        private = 0xE0 <= marker <= 0xEF or marker == 0xFE
        kept = (0xE0, b""), (0xE2, b"ICC_PROFILE\0"), (0xEE, b"Adobe")
        if not private or any(marker == m and segment[4:].startswith(s) for m, s in kept):
            yield segment
        place = end
        if marker == 0xDA:
            # Coded data goes on to the next marker that is no restart and no stuffed byte.
            while not (content[place] == 0xFF and not (0xD0 <= content[place + 1] <= 0xD7)) or (
                content[place + 1] == 0
            ):
                found = content.find(b"\xff", place + 1)
                if found < 0 or found + 1 >= len(content):
                    yield content[end:]
                    return
                place = found
            yield content[end:place]
    # A camera may have put more behind the end.
    yield b"\xff\xd9"


PNG_TELLS = (b"tEXt", b"zTXt", b"iTXt", b"eXIf", b"tIME", b"dSIG", b"caBX")


def _png(content: bytes) -> Iterator[bytes]:
    """PNG, third edition, 5.3: chunks."""
    yield content[:8]
    place = 8
    while place + 12 <= len(content):
        (length,) = struct.unpack_from(">I", content, place)
        kind = content[place + 4 : place + 8]
        if kind not in PNG_TELLS:
            yield content[place : place + 12 + length]
        if kind == b"IEND":
            return
        place += 12 + length


def _webp(content: bytes) -> Iterator[bytes]:
    """RFC 9649, 2.3: chunks; the flags for Exif (8) and XMP (4) are cleared with them."""
    chunks = []
    place = 12
    while place + 8 <= len(content):
        kind = content[place : place + 4]
        (length,) = struct.unpack_from("<I", content, place + 4)
        chunk = content[place : place + 8 + length + length % 2]
        if kind == b"VP8X":
            chunk = chunk[:8] + bytes([chunk[8] & ~0x0C]) + chunk[9:]
        if kind not in (b"EXIF", b"XMP "):
            chunks.append(chunk)
        place += 8 + length + length % 2
    body = b"".join(chunks)
    yield b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


def _gif(content: bytes) -> Iterator[bytes]:
    """GIF89a: blocks; comments and XMP go."""

    def table(packed: int) -> int:
        return 3 << ((packed & 7) + 1) if packed & 0x80 else 0

    def after_blocks(place: int) -> int:
        while content[place]:
            place += content[place] + 1
        return place + 1

    place = 13 + table(content[10])
    yield content[:place]
    while content[place] != 0x3B:
        if content[place] == 0x21:
            end = after_blocks(place + 2)
            tells = content[place + 1] == 0xFE or content[place + 3 :].startswith(b"XMP Data")
            if not tells:
                yield content[place:end]
        else:
            end = after_blocks(place + 10 + table(content[place + 9]) + 1)
            yield content[place:end]
        place = end
    yield b";"


REMOVERS = {"JPEG": _jpeg, "PNG": _png, "WEBP": _webp, "GIF": _gif}
"""Pillow's name of a format -> the parts of a file that stay."""
