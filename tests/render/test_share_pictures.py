"""The picture that stands for a post elsewhere: its lines, its bytes, and when it is drawn."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from generator.addresses import collect_links, share_name
from generator.discover import find_font
from generator.model import SHARE_SIZE, ExecutedPost, RenderedPost, Results, ShareWords
from generator.render import render
from generator.render.share_pictures import (
    balanced,
    broken,
    set_title,
    shortened,
    start_drawing,
)

from ..conftest import FRONT_MATTER
from .rendering import CONFIG, STRINGS, post_of, show_tex


def width(text: str) -> float:
    """Hangul takes two columns, all else one."""
    return sum(2 if "가" <= letter <= "힣" else 1 for letter in text)


@pytest.mark.parametrize(
    ("text", "room", "lines"),
    [
        ("", 9, []),
        ("one", 9, ["one"]),
        ("one two three", 9, ["one two", "three"]),
        ("위상수학 집합과 함수", 9, ["위상수학", "집합과", "함수"]),
        ("위상수학 집합과 함수", 13, ["위상수학", "집합과 함수"]),
        ("abcdefghij k", 4, ["abcd", "efgh", "ij k"]),
        ("k abcdefghij", 4, ["k", "abcd", "efgh", "ij"]),
        ("a\n  b", 9, ["a b"]),
    ],
)
def test_lines_break_between_words(text: str, room: int, lines: list[str]) -> None:
    """And inside of one only if it is wider than a line."""
    assert broken(text, room, width) == lines


def test_lines_are_of_equal_length() -> None:
    """As far as their number allows: no last line holds a single short word."""
    text = "aaaa bbbb cccc dddd " * 5 + "e"
    full = broken(text, 100, width)
    assert [len(line) for line in full] == [99, 1]
    lines = balanced(text, 100, width)
    assert len(lines) == 2
    assert abs(len(lines[0]) - len(lines[1])) < 20
    assert " ".join(lines) == text


def test_a_long_title_has_smaller_letters_and_then_fewer_words() -> None:
    """Three lines at most."""
    measure = {size: (lambda text, size=size: len(text) * size / 2) for size in range(100)}
    sizes = []
    for words in (3, 12, 14, 40):
        size, lines = set_title("word " * words, 1000, measure.__getitem__)
        sizes.append(size)
        assert len(lines) <= 3
        assert all(measure[size](line) <= 1000 for line in lines)
        assert lines[-1].endswith("…") == (words == 40)
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] > sizes[-1]


def test_a_name_that_is_too_long_is_shortened() -> None:
    """With an ellipsis behind its last whole letter."""
    assert shortened("abc", 3, width) == "abc"
    assert shortened("abc  def", 7, width) == "abc def"
    assert shortened("abc def", 5, width) == "abc…"
    assert shortened("집합론", 5, width) == "집합…"
    assert shortened("가 (나-다)", 8, width) == "가 (나…"
    assert shortened("가 (나-다)", 5, width) == "가…"


def test_a_drawing_is_small_and_the_same_every_time() -> None:
    """Another drawer gives the same bytes; other words give others, and have another name."""
    words = ShareWords("위상수학: 집합", "A blog", "수학")
    draw, again = start_drawing(find_font()), start_drawing(find_font())
    content = draw(words)
    assert content == again(words)
    assert len(content) < 20_000
    with Image.open(io.BytesIO(content)) as picture:
        assert (picture.format, picture.mode, picture.size) == ("PNG", "P", SHARE_SIZE)
        colours = picture.convert("RGB").getcolors()
    assert colours is not None
    assert 8 <= len(colours) <= 16
    assert max(colours)[1] == (0xFC, 0xFB, 0xF8)
    for other in (
        ShareWords("위상수학: 함수", "A blog", "수학"),
        ShareWords("위상수학: 집합", "Another", "수학"),
        ShareWords("위상수학: 집합", "A blog", "math"),
    ):
        assert draw(other) != content
        assert share_name(other) != share_name(words)


def test_hangul_is_drawn() -> None:
    """Each syllable in its own shape: no box stands for those that a font lacks."""
    draw = start_drawing(find_font())
    drawn = {draw(ShareWords(syllable, "")) for syllable in "가각힣집뷁"}
    assert len(drawn) == 5


def bitmap(size: tuple[int, int], mode: str = "RGB", alpha: int = 255) -> bytes:
    """A PNG of one colour."""
    buffer = io.BytesIO()
    colour = (200, 30, 30, alpha)[: len(mode)]
    Image.new(mode, size, colour).save(buffer, "PNG")
    return buffer.getvalue()


def shared(text: str, picture: bytes) -> RenderedPost:
    """A post with a picture beside it; what is drawn is made of its words."""
    post = post_of(text, {"a.png": picture, "a.svg": SVG})
    links = collect_links([post], CONFIG)
    drawn: list[ShareWords] = []

    def draw(words: ShareWords) -> bytes:
        drawn.append(words)
        return repr(words).encode()

    rendered = render(ExecutedPost(post, Results(())), links, show_tex, STRINGS, draw)
    assert rendered.share is not None
    is_drawn = "share-" in rendered.share.path
    assert drawn == ([ShareWords("A post", "A blog", "math")] if is_drawn else [])
    assert rendered.share.path in {file.path for file in rendered.files}
    return rendered


SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="900" height="500"/>'


@pytest.mark.parametrize(
    ("picture", "own"),
    [
        (bitmap((800, 400)), True),
        (bitmap((800, 400), "RGBA"), True),
        (bitmap((800, 400), "RGBA", 0), False),
        (bitmap((500, 300)), False),
        (bitmap((800, 800)), False),
        (bitmap((900, 300)), False),
    ],
)
def test_the_first_figure_stands_for_a_post_if_it_is_fit_for_it(picture: bytes, own: bool) -> None:
    """Large, about as wide as what is shown of it, and with a ground of its own."""
    share = shared("![Nodes](a.png)\n", picture).share
    assert share is not None
    if own:
        assert (share.path, share.alt) == ("assets/posts/a/a.png", "Nodes")
        assert (share.width, share.height) == (800, 400)
    else:
        assert (share.alt, share.width, share.height) == ("A post", *SHARE_SIZE)


def test_a_picture_that_the_author_has_chosen_stands_for_the_post() -> None:
    """Whatever its size; but a drawing in SVG, which nobody shows, is replaced."""
    chosen = FRONT_MATTER.replace("category", "image: a.png\ncategory")
    share = shared(chosen + "text\n", bitmap((300, 300))).share
    assert share is not None
    assert (share.path, share.alt, share.width) == ("assets/posts/a/a.png", "A post", 300)
    assert "share-" in str(shared(chosen.replace(".png", ".svg") + "text\n", b"").share)
    assert "share-" in str(shared("![x](a.svg)\n", b"").share)
