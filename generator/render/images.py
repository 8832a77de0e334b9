"""A picture on a page: published with its sizes, in versions for narrow and dense screens."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from ..addresses import address
from ..model import Config
from .context import Context
from .svg import is_svg, keeps_its_colours, measure_svg

PAGE_WIDTH = 782
"""CSS pixels of the widest figure of the theme: 46rem of 17 pixels."""


class Picture(Struct, frozen=True):
    """A picture that is published."""

    path: str
    """Of the original, without its metadata."""
    size: tuple[int, int] | None
    """In CSS pixels."""
    versions: tuple[tuple[int, str], ...] = ()
    """(width in pixels, path) of the smaller ones, narrow ones first."""
    plate: bool = False
    """True for what was drawn for white paper and is clear: in the dark it needs a light plate."""

    @property
    def shown(self) -> str:
        """The path for those who choose no version: the widest of them."""
        return self.versions[-1][1] if self.versions else self.path

    def attributes(self, config: Config) -> dict[str, str]:
        """Attributes of the `img` on a page."""
        found = {"src": address(self.shown, config)}
        if self.versions:
            found["srcset"] = ", ".join(
                f"{address(path, config)} {width}w" for width, path in self.versions
            )
            width = min(self.size[0] if self.size else PAGE_WIDTH, PAGE_WIDTH)
            found["sizes"] = f"(min-width: {width}px) {width}px, 100vw"
        if self.size:
            found |= {"width": str(self.size[0]), "height": str(self.size[1])}
        width, height = self.size or (0, 0)
        # A photograph held upright would be taller than the screen.
        names = ["plate"] * self.plate + ["tall"] * (height > max(width, 700))
        if names:
            found["class"] = " ".join(names)
        # The first of a page is loaded at once: see `first_image_at_once`.
        return {**found, "loading": "lazy"}


def sized(found: Mapping[str, str], given: Mapping[str, str]) -> dict[str, str]:
    """Attributes of an `img` with the width, height and classes that the author gave it."""
    merged = dict(found)
    if given.get("class"):
        merged["class"] = " ".join(filter(None, (found.get("class"), given["class"])))
    styles = [given["style"].rstrip("; ")] if given.get("style") else []
    lengths = {key: given[key].removesuffix("px") for key in ("width", "height") if key in given}
    for key, length in lengths.items():
        if not length.isdecimal():
            # In HTML the attribute is a number of pixels; `50%` is for a style sheet.
            styles.append(f"{key}: {length}")
            continue
        merged[key] = length
        other = "height" if key == "width" else "width"
        if other not in lengths and int(found.get(key, "0")) and other in found:
            # The browser keeps the place of a picture by its proportions.
            merged[other] = str(max(1, round(int(length) * int(found[other]) / int(found[key]))))
    if styles:
        merged["style"] = "; ".join(styles)
    return merged


def measure(content: bytes) -> tuple[int, int] | None:
    """Width and height of a picture in CSS pixels, or None for what is none."""
    if is_svg(content):
        return measure_svg(content)
    from .pictures import measure_bitmap

    return measure_bitmap(content)


def publish_picture(content: bytes, path: str, suffix: str, context: Context) -> Picture:
    """Publish a picture and its smaller versions.

    Args:
        content: the picture's bytes.
        path: where it is published, or nothing: then its name comes from its content.
        suffix: of its name.
        context: the post.
    """
    if path:
        context.publish(path, content)
    else:
        path = context.publish_hashed(content, suffix)
    if is_svg(content):
        return Picture(path, measure_svg(content), plate=keeps_its_colours(content))
    from .pictures import has_clear_ground, measure_bitmap, smaller_versions

    versions = tuple(
        (width, context.publish_hashed(webp, ".webp")) for width, webp in smaller_versions(content)
    )
    return Picture(path, measure_bitmap(content), versions, has_clear_ground(content))


def is_unreadable(picture: Picture, content: bytes) -> bool:
    """Whether nobody could measure it: it is damaged, or no picture at all."""
    return picture.size is None and not is_svg(content)


def first_image_at_once(body: str) -> str:
    """The page with its first picture loaded at once, not when it is scrolled to."""
    before, image, after = body.partition("<img ")
    tag, end, rest = after.partition(">")
    return before + image + tag.replace(' loading="lazy"', "") + end + rest
