"""The search: the theme's script, run in V8, finds what the index was made of.

Each fixture is a title, posts as `title: text`, and queries with the titles that they find, best
first; `-` is none. `␤` stands for the end of a paragraph, `␣` for a space.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate
from random import Random
from typing import Any

import pytest
import Stemmer
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from py_mini_racer import MiniRacer

from generator import pipeline
from generator.addresses import search_text_path
from generator.assemble.search import (
    outdated_shards,
    search_files,
    shard_count,
    shard_of,
    text_files,
    updated_search_files,
)
from generator.config import read_config
from generator.model import Passage, RenderedPost, Site
from generator.render.passages import Reading, read_passages
from generator.render.search_terms import counted_terms, stem, terms_of, weighted_terms

from ..conftest import REPOSITORY, WriteBlog
from ..render.rendering import CONFIG, render_post
from ..render.test_prose import fixtures

SCRIPTS = REPOSITORY / "templates" / "static" / "search"

RUN = """
globalThis.ask = async (query, language, files) => {
  const asked = [];
  const search = makeSearch(async (name) => {
    const path = `assets/search/${language}/${name.split("?")[0]}`;
    asked.push(path);
    return files[path];
  });
  const { names, some, atoms, all } = await search.find(query);
  const shown = (names, all) => names.map((name) => {
    asked.push(`assets/search/posts/${name}`);
    return show(JSON.parse(files[`assets/search/posts/${name}`]), atoms, all);
  }).filter(Boolean);
  const best = shown(names, all);
  return JSON.stringify({ asked, shown: best.length ? best : shown(some, false) });
};
"""


class Script:
    """The theme's script that searches, in V8."""

    def __init__(self) -> None:
        self.engine = MiniRacer()
        modules = [(SCRIPTS / f"{name}.js").read_text("utf-8") for name in ("stemmer", "query")]
        # V8 alone has no modules that find each other.
        bare = [re.sub(r"^(?:export |import .*$)", "", text, flags=re.M) for text in modules]
        public = "Object.assign(globalThis, {stem, stemOf, termsOf, shardOf, makeSearch, show});"
        self.engine.eval("(() => {" + "\n".join(bare) + public + "})();" + RUN)

    def call(self, function: str, *arguments: object) -> Any:
        """What a function of the script answers."""
        given = ", ".join(json.dumps(argument) for argument in arguments)
        return json.loads(str(self.engine.eval(f"JSON.stringify({function}({given}))")))

    def ask(self, query: str, files: Mapping[str, str], language: str = "ko") -> Any:
        """What a query shows, and which files it asks for."""
        given = ", ".join(json.dumps(argument) for argument in (query, language, files))
        answer: Any = self.engine.eval(f"ask({given})")
        return json.loads(answer.get(timeout=60))


@pytest.fixture(scope="module")
def script() -> Script:
    """The script, started once."""
    return Script()


def texts(site: Site) -> dict[str, str]:
    """The files of a site's search."""
    files = site.files.values()
    return {f.path: f.content.decode() for f in files if f.path.startswith("assets/search/")}


def blog_of(lines: Iterable[str]) -> dict[str, str | bytes]:
    """Posts from lines `title: text`, the first one the newest."""
    files: dict[str, str | bytes] = {}
    for number, line in enumerate(lines):
        title, _, text = line.partition(": ")
        front = f"title: {title}\ndate: 2022-01-{28 - number}\ncategory: math\n"
        text = text.replace("␤", "\n\n" if "```" not in text else "\n")
        files[f"posts/p{number}/index.ko.md"] = f"---\n{front}---\n{text}\n"
    return files


@pytest.mark.parametrize(("source", "expected"), fixtures("../search.txt"))
def test_fixture(source: str, expected: str, write_blog: WriteBlog, script: Script) -> None:
    """Every query finds the posts that the fixture names, in that order."""
    files = texts(pipeline.build(read_config(write_blog(blog_of(source.splitlines())))))
    found = []
    for line in expected.splitlines():
        query = line.partition(" -> ")[0]
        results = script.ask(query.replace("␣", " "), files)["shown"]
        titles = [result["title"]["text"] for result in results]
        found.append(f"{query} -> {', '.join(titles) or '-'}")
    assert "\n".join(found) == expected.rstrip("\n")


def marked(part: Mapping[str, Any]) -> str:
    """A text with its marks in brackets."""
    text, shown, last = str(part["text"]), "", 0
    for start, end, *_ in part["marks"]:
        shown += f"{text[last:start]}[{text[start:end]}]"
        last = end
    return shown + text[last:]


def test_a_result_leads_to_the_section_and_marks_what_was_found(
    write_blog: WriteBlog, script: Script
) -> None:
    """Title, heading, excerpt and tags show where the query stands; formulas are marked as TeX."""
    text = "---\ntitle: 집합론\ndate: 2022-01-01\ncategory: math\ntags: [부분집합, 순서]\n---\n"
    filler = "다른 이야기를 길게 해요. " * 30
    text += f"머리말\n\n## 무한집합\n\n{filler} 여기에 집합을 적어요. {filler}\n\n"
    text += "## 식\n\n$\\frac{x_i}2$\n"
    files = texts(pipeline.build(read_config(write_blog({"posts/s/index.ko.md": text}))))
    (result,) = script.ask("집합", files)["shown"]
    assert marked(result["title"]) == "[집합]론"
    assert marked(result["heading"]) == "무한[집합]"
    assert result["section"] == "/math/2022-01-01-s/#%EB%AC%B4%ED%95%9C%EC%A7%91%ED%95%A9"
    assert "여기에 [집합]을 적어요." in marked(result["excerpt"])
    assert len(result["excerpt"]["text"]) < 200
    assert [marked(tag) for tag in result["tags"]] == ["math", "부분[집합]", "순서"]
    (result,) = script.ask("\\frac x_i", files)["shown"]
    assert marked(result["excerpt"]) == "$[\\frac]{[x_i]}2$"


def test_a_post_is_found_by_its_category(write_blog: WriteBlog, script: Script) -> None:
    """It is shown as a tag is, once if a tag says the same."""
    front = "---\ntitle: 글\ndate: 2022-01-01\ncategory: 선형대수\ntags: [행렬{}]\n---\n글\n"
    files = {
        f"posts/{n}/index.ko.md": front.format(more) for n, more in ((1, ""), (2, ", 선형대수"))
    }
    found = texts(pipeline.build(read_config(write_blog(files))))
    shown = [[marked(tag) for tag in r["tags"]] for r in script.ask("선형대수", found)["shown"]]
    assert shown == [["[선형대수]", "행렬"], ["[선형대수]", "행렬"]]


def test_an_excerpt_shows_what_stands_in_a_row(write_blog: WriteBlog, script: Script) -> None:
    """The words of a query one behind the other, before the same words here and there."""
    text = f"There is no reason.{' Word.' * 50} Grad.\n\n## Next\n\nNo word on grad. "
    text += f"{'More. ' * 50} Here `torch.no_grad` stands. {'End. ' * 50}\n"
    files = texts(pipeline.build(read_config(write_blog({"posts/s/index.ko.md": text}))))
    for query in ("no_grad", "no grad"):
        (result,) = script.ask(query, files)["shown"]
        assert result["heading"]["text"] == "Next"
        assert "torch.[no]_[grad]" in marked(result["excerpt"])
    (result,) = script.ask("reason no", files)["shown"]
    assert marked(result["excerpt"]).startswith("There is [no] [reason]")


def test_an_excerpt_has_whole_formulas(write_blog: WriteBlog, script: Script) -> None:
    """It begins behind the one that its edge would cut, and ends before it."""
    text = (
        "첫 글이에요. " * 4
        + "$a + b + c + d + e + f + g + h + i + s + t + u + v + w + x$ 가운데 집합이 있고, "
        + "다시 " * 32
    )
    text += "끝에 $j + k + l + m + n + o + p + q + r$ 식이 있어요. " + "글 " * 40
    files = texts(pipeline.build(read_config(write_blog({"posts/s/index.ko.md": text}))))
    (result,) = script.ask("집합", files)["shown"]
    shown = marked(result["excerpt"])
    assert shown.startswith("가운데 [집합]이 있고, 다시")
    assert shown.rstrip().endswith("다시 끝에")
    assert result["excerpt"]["cut"] == [True, True]
    (result,) = script.ask("e + f", files)["shown"]
    assert "[e] + [f]" in marked(result["excerpt"])


@pytest.mark.parametrize("last", ["(", "[ (", "“", "앞-", "(앞-"])
def test_an_excerpt_ends_behind_a_whole_word(script: Script, last: str) -> None:
    """Not behind what opens, nor behind half a compound."""
    ends = set()
    for before in range(30, 100):
        text = "글 " * before + f"{last} 뒤-앞 " + "말 " * 200
        post = {"title": "", "tags": [], "passages": [["", "", text]]}
        ends.add(script.call("show", post, [], True)["excerpt"]["text"].split()[-1])
    assert ends == {"글", "말", "뒤-앞"}


def test_each_language_has_an_index_and_no_post_is_missed(
    write_blog: WriteBlog, script: Script
) -> None:
    """The default language's finds what there is in another language only, and says so."""
    files = {
        "posts/a/index.ko.md": "graph 그래프\n",
        "posts/a/index.en.md": "A graph.\n",
        "posts/b/index.en.md": "Another graph.\n",
    }
    found = texts(pipeline.build(read_config(write_blog(files))))
    languages = {
        language: [r["language"] for r in script.ask("graph", found, language)["shown"]]
        for language in ("ko", "en")
    }
    assert languages == {"ko": ["ko", "en"], "en": ["en", "en"]}


# --- what both sides must agree on ------------------------------------------------------------

LETTERS = "집합함수을를ㅎ하가힣 abxyZé_^{}\\frac'’s12.,$α漢字\n😀İßÅ"
TEXTS = st.one_of(st.text(LETTERS, max_size=60), st.text(max_size=30))


@given(TEXTS)
def test_terms_are_the_same_on_both_sides(script: Script, text: str) -> None:
    """What the index holds and what a query asks for, whatever is typed."""
    text = unicodedata.normalize("NFC", text)
    assert script.call("(text => [...termsOf(text)])", text) == list(terms_of(text))
    assert counted_terms(text) == Counter(terms_of(text))


SUFFIXES = (
    "s es sses ied ies us ss ed eed edly eedly ing ingly y e ll ational tional enci ogi ogist li "
    "bli alli fulli ousli entli aliti biliti iviti alism ation ization izer ator iveness fulness "
    "icate ative alize iciti ical ful ness ance ible ate ive ize iti al ism ion er ous ement"
).split()
WORDS = st.builds(
    "".join,
    st.tuples(
        st.one_of(
            st.text("aeiouybcdghklmnprst", max_size=5),
            st.sampled_from(("gener", "past", "proc", "even", "out", "organ", "sk", "d", "ad")),
        ),
        st.lists(st.sampled_from(SUFFIXES), max_size=2).map("".join),
    ),
)


@settings(max_examples=10)
@given(st.lists(WORDS, min_size=100, max_size=200))
def test_stems_are_those_of_snowball(script: Script, words: list[str]) -> None:
    """The script's stemmer is Snowball's for English, as the library has it."""
    assert script.call("(words => words.map(stem))", words) == Stemmer.Stemmer("english").stemWords(
        words
    )


def test_stems_of_the_posts_are_those_of_snowball(script: Script) -> None:
    """Of every English word in this repository's own posts."""
    posts = "".join(path.read_text("utf-8") for path in (REPOSITORY / "posts").rglob("index.*.md"))
    words = sorted(set(re.findall(r"[a-z0-9]+", posts.lower())))
    assert len(words) > 3000
    assert script.call("(words => words.map(stemOf))", words) == [stem(word) for word in words]


@given(st.text("집합함수abz\\_^漢éα", min_size=1, max_size=4), st.integers(0, 12))
def test_shards_are_the_same_on_both_sides(script: Script, term: str, power: int) -> None:
    """Where a term stands; all that begin with it stand there, too, if a beginning is enough."""
    count = 2**power
    assert script.call("shardOf", term, count) == shard_of(term, count)
    if len(term) > 1 or term >= "\u3041":
        assert shard_of(term + "집", count) == shard_of(term, count)


# --- every word is found ----------------------------------------------------------------------


def searched(number: int, title: str, text: str) -> RenderedPost:
    """A post of one passage, as a search sees it; a higher number is an older post."""
    source = replace(POST.post.source, path=f"posts/p{number}/index.ko.md", folder=f"p{number}")
    meta = replace(POST.post.meta, title=title, slug=f"p{number}")
    text = unicodedata.normalize("NFC", " ".join(text.split()))
    readings = (Reading(Passage("", "", text), text, ""),)
    return replace(
        POST,
        post=replace(POST.post, source=source, meta=meta),
        passages=tuple(reading.passage for reading in readings),
        terms=weighted_terms(meta, readings),
    )


POST = render_post("글\n")


def shards_of(posts: Sequence[RenderedPost]) -> dict[str, bytes]:
    """The files of the index of some posts."""
    return {
        file.path: file.content
        for language in CONFIG.languages
        for file in search_files(posts, language, CONFIG)
    }


def index_of(posts: Sequence[RenderedPost]) -> dict[str, str]:
    """The files of the search of some posts."""
    texts = {file.path: file.content for post in posts for file in text_files(post, CONFIG)}
    return {path: content.decode() for path, content in (texts | shards_of(posts)).items()}


@settings(max_examples=60)
@given(st.lists(TEXTS, min_size=1, max_size=3))
def test_every_word_of_a_post_finds_it(script: Script, documents: list[str]) -> None:
    """Whatever the words are made of; and the post shows where."""
    posts = [searched(number, "x", text) for number, text in enumerate(documents)]
    files = index_of(posts)
    for post in posts:
        address = json.loads(files[search_text_path(f"{post.post.source.folder}.ko.json")])[
            "address"
        ]
        for word in post.passages[0].text.split():
            # A jamo by itself is no word yet.
            if not {*terms_of(word)} or re.fullmatch("[ㄱ-ㆎ]+", word):
                continue
            shown = script.ask(word + " ", files)["shown"]
            assert address in [result["address"] for result in shown], word


# --- one post changes -------------------------------------------------------------------------

TERMS = st.dictionaries(
    st.text("집합함수abc", min_size=1, max_size=2), st.integers(1, 29), max_size=8
).map(lambda weights: "\n".join(f"{term} {weight}" for term, weight in sorted(weights.items())))


@settings(max_examples=40)
@given(st.lists(TERMS, min_size=1, max_size=40), st.data())
def test_a_changed_post_changes_the_index_as_a_build_from_scratch(
    terms: list[str], data: st.DataObject
) -> None:
    """To the byte, in the shards that are said to be outdated, and no other file changes."""
    before = [replace(searched(n, "x", ""), terms=each) for n, each in enumerate(terms)]
    numbers = data.draw(st.sets(st.integers(0, len(terms) - 1), max_size=3))
    after = [
        replace(post, terms=data.draw(TERMS)) if n in numbers else post
        for n, post in enumerate(before)
    ]
    old = shards_of(before)
    new = shards_of(after)
    changed = {before[n].post.source.path: before[n].terms for n in numbers}
    outdated = outdated_shards(after, changed, CONFIG)
    digests = {path: hashlib.sha256(content).hexdigest() for path, content in old.items()}
    shards = {path: old[path] for path in outdated}
    updated = updated_search_files(after, changed, shards, digests, CONFIG)
    assert old | {file.path: file.content for file in updated} == new
    assert outdated == {path for path in new if path.endswith(".txt") and old[path] != new[path]}


# --- a thousand posts -------------------------------------------------------------------------

PARTICLES = ("", "을", "를", "이", "가", "은", "는", "의", "에서", "으로", "이다", "한다")
ENDINGS = ("", "s", "ed", "ing", "ation", "al", "ly", "er")
FORMULAS = ("$x_i$", r"$\frac{a}{b}$", r"$\operatorname{Ncut}(A, B)$", r"$\lambda_2$")


def thousand_texts() -> list[str]:
    """Texts of 6 kB: five hundred in Korean and as many in English, of words that follow Zipf.

    W. Li, Random Texts Exhibit Zipf's-Law-Like Word Frequency Distribution (1992), says why words
    of random letters do for that; here their ranks decide how often they come.
    """
    random = Random(0)
    common = [chr(0xAC00 + random.randrange(11172)) for _ in range(700)]
    nouns = ["".join(random.choices(common, k=random.choice((2, 2, 3, 4)))) for _ in range(8000)]
    sounds = [a + b for a in "bcdfgklmnprstv" for b in "aeiou"]
    words = ["".join(random.choices(sounds, k=random.choice((2, 3, 3, 4)))) for _ in range(8000)]
    frequencies = list(accumulate(1 / (rank + 2) for rank in range(8000)))
    written = []
    for number in range(1000):
        stems, endings = (nouns, PARTICLES) if number % 2 else (words, ENDINGS)
        length, parts = 0, []
        while length < 6000:
            (word,) = random.choices(stems, cum_weights=frequencies)
            word += random.choice(endings)
            if random.random() < 0.03:
                word = random.choice(FORMULAS)
            parts.append(word)
            length += len(word.encode()) + 1
        written.append(" ".join(parts))
    return written


@pytest.fixture(scope="module")
def thousand() -> tuple[list[RenderedPost], dict[str, str]]:
    """A thousand posts, and their search."""
    posts = [searched(n, text[:30], text) for n, text in enumerate(thousand_texts())]
    return posts, index_of(posts)


def on_the_wire(names: Iterable[str], files: Mapping[str, str]) -> int:
    """Bytes of files that a server sends compressed."""
    return sum(len(gzip.compress(files[name].encode(), 6, mtime=0)) for name in names)


def test_of_a_thousand_posts_little_is_asked_for(
    script: Script, thousand: tuple[list[RenderedPost], dict[str, str]]
) -> None:
    """Before the first results of a query: the index's names, few shards, ten texts, the script.

    It is less than a fifth of a megabyte on the wire; the least common words ask for no more than
    the most common ones.
    """
    posts, files = thousand
    names = [path.name for path in SCRIPTS.iterdir()]
    code = on_the_wire(names, {name: (SCRIPTS / name).read_text("utf-8") for name in names})
    assert code < 10_000
    korean, english = posts[1].passages[0].text.split(), posts[0].passages[0].text.split()
    queries = [korean[0], " ".join(korean[:3]), english[0], " ".join(english[:3]), r"\frac", "x_i"]
    for query in queries:
        asked = script.ask(query, files)["asked"]
        shards = {name for name in asked if name.endswith(".txt")}
        first = {*shards, "assets/search/ko/index.json"}
        shown = [name for name in asked if "/posts/" in name][:10]
        assert shown, query
        assert code + on_the_wire([*first, *shown], files) < 200_000, query


def test_an_index_has_shards_of_like_sizes(
    thousand: tuple[list[RenderedPost], dict[str, str]],
) -> None:
    """More posts make more of them; none is much larger than the others."""
    assert [shard_count(n) for n in (0, 1, 16, 17, 32, 33, 1000)] == [1, 1, 1, 2, 2, 4, 64]
    _, files = thousand
    sizes = [len(files[name]) for name in files if name.startswith("assets/search/ko/")]
    assert len(sizes) == 64 + 1
    assert max(sizes) < 150_000


# --- the text of a page -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("<p>a<b>b</b> c</p>\n<p>d</p>", [("", "", "ab c d", "")]),
        (
            '<p>x</p><h2 id="y">Y <a class="anchor" href="#y">#</a></h2><p>z</p>tail',
            [("", "", "x", ""), ("y", "Y", "z tail", "")],
        ),
        ("<h2>no id</h2>", [("", "", "no id", "")]),
        (
            '<img src="a" alt="a cat"> and <svg aria-label="a dog"><text>9</text></svg>.',
            [("", "", "a cat and a dog .", "")],
        ),
        ('<pre class="code"><code><b>x</b> = 1</code></pre>after', [("", "", "after", "x = 1")]),
        (f'<div class="output"><pre>{"y" * 3000}</pre></div>', [("", "", "", "y" * 1999)]),
        (
            "<details class='code-fold'><summary>Show</summary><pre class='code'>x</pre></details>",
            [("", "", "", "x")],
        ),
        ("<!-- no --><script>no()</script><style>no</style>yes", [("", "", "yes", "")]),
        ("<p>e\u0301\u1112\u1161\u11b8</p>", [("", "", "é합", "")]),
        ("", []),
        ("<div>" * 400 + "deep" + "</div>" * 400, [("", "", "deep", "")]),
    ],
)
def test_passages(body: str, expected: list[tuple[str, str, str, str]]) -> None:
    """What a reader sees, heading by heading: id, heading, prose and code."""
    found = read_passages(body)
    assert [(r.passage.id, r.passage.heading, r.prose, r.code) for r in found] == expected


def test_a_formula_is_read_once(write_blog: WriteBlog) -> None:
    """As TeX, not as what KaTeX draws nor as MathML."""
    root = write_blog({"posts/a/index.ko.md": r"가 $\frac{a}{b}$를 $$ x^2 $$" + "\n"})
    site = pipeline.build(read_config(root))
    (passage,) = json.loads(texts(site)["assets/search/posts/a.ko.json"])["passages"]
    assert passage == ["", "", r"가 $\frac{a}{b}$를 $x^2$"]
