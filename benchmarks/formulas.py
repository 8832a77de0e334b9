"""Posts of many formulas: does the time to render one grow as its size does?

    .venv/bin/python benchmarks/formulas.py            # half a minute of CPU time

A post of 250 formulas is rendered, then of 500, up to 4,000, which are more than 250 kB: a fifth
of them displayed and labelled, the others in running text, each with a reference; no two alike,
for one that stands twice is typeset once. Each size is rendered three times by a KaTeX of its own,
parsing included, and the fastest counts, in CPU seconds of the process (V8 works in it). Beside
the seconds stands the ratio to the size before: 2 is linear, 4 is quadratic. Every formula is
looked for in the page. Nothing is gated by this program; it prints.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from benchmarks.notebooks import natural
from generator.addresses import collect_links
from generator.config import parse_config
from generator.discover import read_katex, read_theme
from generator.model import ExecutedPost, Results, Source
from generator.parse import parse
from generator.render import render
from generator.render.katex import start_katex

ROOT = Path(__file__).resolve().parent.parent
SIZES = (250, 500, 1000, 2000, 4000)
CONFIG = parse_config(
    '[tool.inkcell]\ntitle = "x"\nurl = "https://example.org"\nlanguages = ["en"]\n'
    'author = {name = "x"}\n'
)
FRONT_MATTER = "---\ntitle: Formulas\ndate: 2024-01-01\ncategory: math\n---\n\n"


def post_text(formulas: int) -> str:
    """A post of so many formulas."""
    paragraphs = []
    for number in range(formulas):
        if number % 5 == 0:
            sum_of_powers = rf"\sum_{{k=1}}^{{{number}}} k^{{{number}}} = \frac{{n(n+1)}}{{2}}"
            paragraphs.append(f"$$\n{sum_of_powers}\n$$ (eq-n{number})\n")
        else:
            label = f"@eq-n{number - number % 5}"
            space = rf"$x_{{{number}}} \in \mathbb{{R}}^{{{number}}}$"
            paragraphs.append(f"Let {space} be as in {label}, and so on.\n")
    return FRONT_MATTER + "\n".join(paragraphs)


def seconds(text: str, formulas: int) -> float:
    """CPU seconds to parse and render a post."""
    typeset = start_katex(read_katex(ROOT).script)
    strings = read_theme(ROOT).strings["en"]
    source = Source("posts/a/index.en.md", text, "a", "en", "md", "/posts/a", {})
    start = time.process_time()
    post = parse(source, CONFIG)
    body = render(ExecutedPost(post, Results(())), collect_links([post], CONFIG), typeset, strings)
    spent = time.process_time() - start
    found = body.body.count("<annotation ")
    if found != formulas:
        raise SystemExit(f"the page has {found} of {formulas} formulas")
    return spent


def main() -> None:
    """Print seconds and ratios."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=natural, default=3, help="of each size; the fastest counts")
    runs = parser.parse_args().runs
    print("formulas     kB  seconds  ratio")
    before = 0.0
    for formulas in SIZES:
        text = post_text(formulas)
        spent = min(seconds(text, formulas) for _ in range(runs))
        ratio = f"{spent / before:5.2f}" if before else "    –"
        print(f"{formulas:8,} {len(text.encode()) / 1000:6.0f} {spent:8.2f}  {ratio}", flush=True)
        before = spent


if __name__ == "__main__":
    main()
