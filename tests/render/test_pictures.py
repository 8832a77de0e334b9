"""Pictures: what they must not tell, how large they are, and smaller versions of large ones."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageCms, ImageDraw, PngImagePlugin

from generator.model import Bundle, RenderedPost
from generator.render.context import PICTURE_SUFFIXES
from generator.render.images import measure
from generator.render.pictures import WIDTHS, smaller_versions, without_metadata

from .rendering import render_post
from .test_outputs import CELL, encoded

SECRETS = (b"37 deg 33", b"secret", b"xpacket", b"Exif\0", b"eXIf", b"EXIF", b"XMP")
GPS, ORIENTATION, DESCRIPTION, ARTIST = 0x8825, 0x0112, 0x010E, 0x013B


def photograph(kind: str, width: int = 60, height: int = 40, orientation: int = 1) -> bytes:
    """A picture that tells where, by whom and of what it was taken; its left half is red."""
    picture = Image.new("RGB", (width, height), "blue")
    ImageDraw.Draw(picture).rectangle((0, 0, width // 2, height), fill="red")
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    exif[DESCRIPTION] = "secret place, 37 deg 33"
    exif[ARTIST] = "secret name"
    exif.get_ifd(GPS)[1] = "N"
    exif.get_ifd(GPS)[2] = (37.0, 33.0, 0.0)
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", "secret")
    text.add_itxt("XML:com.adobe.xmp", "<?xpacket secret?>")
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    more: dict[str, dict[str, Any]] = {
        "PNG": {"pnginfo": text},
        "JPEG": {"comment": b"secret", "xmp": b"<?xpacket secret?>", "quality": 95},
        "WEBP": {"xmp": b"<?xpacket secret?>", "lossless": True},
        "GIF": {"comment": b"secret"},
    }
    buffer = io.BytesIO()
    picture.save(buffer, kind, exif=exif, icc_profile=profile, **more[kind])
    return buffer.getvalue()


def pixels(content: bytes) -> bytes:
    """What is to be seen."""
    with Image.open(io.BytesIO(content)) as picture:
        return picture.convert("RGB").tobytes()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
def test_a_picture_tells_nothing_but_what_is_to_be_seen(kind: str) -> None:
    """Place, name, comment and date go; pixels and the colour profile stay."""
    content = photograph(kind)
    clean = without_metadata(content)
    assert any(secret in content for secret in SECRETS)
    assert not any(secret in clean for secret in SECRETS)
    assert pixels(clean) == pixels(content)
    with Image.open(io.BytesIO(clean)) as picture:
        assert not picture.getexif()
        assert picture.info.get("icc_profile") or kind == "GIF"
    assert without_metadata(clean) == clean


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_picture_is_turned_upright(kind: str) -> None:
    """A camera held askew says so in its Exif: what was the left is the top."""
    content = photograph(kind, orientation=6)
    clean = without_metadata(content)
    assert measure(content) == measure(clean) == (40, 60)
    assert not any(secret in clean for secret in SECRETS)
    with Image.open(io.BytesIO(clean)) as picture:
        red, _, blue = picture.convert("RGB").getpixel((20, 5))  # type: ignore[misc]
    assert red > 200 > 50 > blue


def test_what_a_camera_puts_behind_a_picture_goes() -> None:
    """Some append a second picture, with metadata of its own."""
    content = photograph("JPEG")
    assert without_metadata(content + b"\xff\xd8secret") == without_metadata(content)


def test_progressive_pictures_survive() -> None:
    """A JPEG of several scans has tables between them."""
    buffer = io.BytesIO()
    Image.effect_mandelbrot((300, 200), (-2, -1, 1, 1), 40).save(
        buffer, "JPEG", progressive=True, comment=b"secret"
    )
    clean = without_metadata(buffer.getvalue())
    assert b"secret" not in clean
    assert pixels(clean) == pixels(buffer.getvalue())


def test_a_moving_picture_still_moves() -> None:
    """All its frames stay."""
    frames = [Image.new("L", (9, 9), grey) for grey in (0, 99, 199)]
    for kind in ("GIF", "PNG", "WEBP"):
        buffer = io.BytesIO()
        frames[0].save(buffer, kind, save_all=True, append_images=frames[1:], duration=50)
        with Image.open(io.BytesIO(without_metadata(buffer.getvalue()))) as picture:
            assert getattr(picture, "n_frames", 1) == 3, kind


@given(
    st.binary(max_size=200), st.sampled_from(["PNG", "JPEG", "WEBP", "GIF"]), st.integers(0, 400)
)
def test_a_broken_picture_breaks_nothing(noise: bytes, kind: str, place: int) -> None:
    """Damaged bytes are measured, cleaned and scaled without an exception."""
    content = photograph(kind)
    for damaged in (noise, content[:place] + noise, content[:place] + noise + content[place:]):
        measure(damaged)
        smaller_versions(without_metadata(damaged))


# --- smaller versions -------------------------------------------------------------------------


def noisy(width: int, height: int) -> bytes:
    """A picture that does not compress well."""
    grey = Image.effect_noise((width, height), 90)
    buffer = io.BytesIO()
    turned = grey.transpose(Image.Transpose.ROTATE_180)
    Image.merge("RGB", (grey, turned, grey)).save(buffer, "JPEG", quality=97)
    return buffer.getvalue()


def published(rendered: RenderedPost) -> Iterator[tuple[str, bytes]]:
    """Path and content of every file."""
    for file in rendered.files:
        yield file.path, file.content


def test_a_large_picture_has_smaller_versions() -> None:
    """WebP in several widths, the widest as `src`, and a link to the original."""
    content = noisy(1300, 900)
    rendered = render_post("![Noise](photo.jpg)\n", neighbours={"photo.jpg": content})
    files = dict(published(rendered))
    assert files.pop("assets/posts/a/photo.jpg") == without_metadata(content)
    found = re.findall(r"/(\S+\.webp) (\d+)w", rendered.body)
    assert [int(width) for _, width in found] == [w for w in WIDTHS if w < 1300] + [1300]
    for path, width in found:
        assert measure(files[path]) == (int(width), round(900 * int(width) / 1300))
        assert len(files[path]) < len(content)
    assert f'src="/{found[-1][0]}"' in rendered.body
    assert 'width="1300" height="900"' in rendered.body
    assert '<a class="original" href="/assets/posts/a/photo.jpg"><img' in rendered.body
    assert f'src="https://example.org/{found[-1][0]}"' in rendered.feed_body
    assert "srcset" not in rendered.feed_body
    assert smaller_versions(content) == smaller_versions(content)


def test_a_picture_in_a_link_is_not_linked_again() -> None:
    """An anchor cannot stand in another."""
    content = noisy(900, 600)
    text = "[![Noise](photo.jpg)](https://example.org/x)\n"
    assert render_post(text, neighbours={"photo.jpg": content}).body.count("<a ") == 1


def test_a_drawing_in_pixels_stays_sharp() -> None:
    """A screen with few colours loses nothing at its own width."""
    picture = Image.effect_noise((1000, 900), 99).point(lambda level: level // 16 * 16)
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    width, widest = smaller_versions(buffer.getvalue())[-1]
    assert width == 1000
    assert pixels(widest) == pixels(buffer.getvalue())


def test_a_large_figure_of_a_cell_has_smaller_versions_too() -> None:
    """It may be a photograph."""
    rendered = render_post(CELL, [[Bundle({"image/jpeg": encoded(noisy(1300, 900))})]])
    assert ".webp 480w" in rendered.body
    assert '<a class="original"' in rendered.body


def test_only_the_first_picture_is_loaded_at_once() -> None:
    """The others are loaded when they are scrolled to, wherever they come from."""
    text = "`<img a>` ![a](a.png)\n\n" + CELL + "\n![b](a.png)\n"
    small = photograph("PNG")
    body = render_post(
        text, [[Bundle({"image/png": encoded(small)})]], neighbours={"a.png": small}
    ).body
    images = re.findall(r"<img [^>]*>", body)
    assert ['loading="lazy"' in image for image in images] == [False, True, True]
    assert all("width=" in image and "height=" in image for image in images)


def test_every_published_picture_is_cleaned() -> None:
    """Shown, linked, attached to HTML, or standing for the post."""
    content = photograph("JPEG")
    text = (
        "---\ntitle: t\ndate: 2022-07-08\ncategory: c\nimage: c.jpg\n---\n"
        "![a](a.JPG) [b](b.jpg)\n\n" + CELL
    )
    html = f'<img src="data:image/jpeg;base64,{encoded(content)}">'
    rendered = render_post(
        text,
        [[Bundle({"text/html": html})]],
        neighbours=dict.fromkeys(("a.JPG", "b.jpg", "c.jpg"), content),
    )
    files = dict(published(rendered))
    assert len(files) == 4
    for path, published_content in files.items():
        assert path.lower().endswith(PICTURE_SUFFIXES)
        assert not any(secret in published_content for secret in SECRETS), path


def test_what_is_clear_gets_a_plate() -> None:
    """Drawn for white paper, it would vanish on a dark page; a photograph needs none."""
    clear = io.BytesIO()
    Image.new("RGBA", (9, 9), (0, 0, 0, 0)).save(clear, "PNG")
    neighbours = {"a.png": clear.getvalue(), "b.jpg": photograph("JPEG")}
    body = render_post("![a](a.png) ![b](b.jpg)\n", neighbours=neighbours).body
    assert body.count('class="plate"') == 1
    knows = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><style>@media '
    knows += b"(prefers-color-scheme: dark) { path { fill: #fff } }</style></svg>"
    assert "plate" not in render_post("![a](a.svg)\n", neighbours={"a.svg": knows}).body
