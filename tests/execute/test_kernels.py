"""The few things that only a real kernel can show."""

from __future__ import annotations

import json
import re
from pathlib import Path

import nbformat
import pytest
from msgspec.structs import replace

from generator.config import read_config
from generator.discover import discover
from generator.errors import CellFailed, CellTimedOut, InkcellError, KernelDied
from generator.execute import execute, why
from generator.execute.outputs import outputs_of
from generator.model import Bundle, ExecutedPost, Failure, Post, Stream
from generator.parse import parse
from generator.progress import Event

from ..conftest import FRONT_MATTER, WriteBlog

pytestmark = pytest.mark.kernel


def cell(source: str, tags: str = "") -> str:
    """A code cell of a text notebook."""
    head = f":tags: [{tags}]\n" if tags else ""
    return f"```{{code-cell}}\n{head}{source}\n```\n\n"


class Blog:
    """A blog on the disk whose posts can be run."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.errors: list[InkcellError] = []
        self.events: list[Event] = []

    def posts(self) -> list[Post]:
        config = read_config(self.root)
        sources = discover(self.root, self.root / "posts", config, self.errors)
        return [parse(source, config) for source in sources]

    def run(self) -> list[ExecutedPost]:
        config = replace(read_config(self.root), cache=Path("cache"), jobs=2)
        done = execute(
            self.posts(), config, root=self.root, errors=self.errors, report=self.events.append
        )
        return sorted(done, key=lambda item: item.post.source.path)

    def why(self) -> tuple[str, ...] | None:
        config = replace(read_config(self.root), cache=Path("cache"))
        return why(self.posts()[0], config, root=self.root)


def test_outputs_of_every_kind(write_blog: WriteBlog) -> None:
    """Streams joined in a fixed order, results, figures, announced exceptions, a clean slate."""
    sources = (
        "print(len([n for n in dir() if 'inkcell' in n]), __name__, In[-1][:5])",
        "import sys\nfor i in range(3):\n    print(i, file=sys.stderr)\n    print(i)\n'end'",
        "import os\nos.environ['PYTHONHASHSEED'], os.path.basename(os.getcwd())",
        "1 / 0",
        "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nNone",
        "plt.plot([1, 2])\nNone",
        "from IPython.display import HTML\nprint('a')\ndisplay(HTML('<b>'))\nprint('b')",
    )
    body = "".join(cell(source, "raises-exception" * (source == "1 / 0")) for source in sources)
    blog = Blog(write_blog({"posts/a/index.ko.md": body}))
    (done,) = blog.run()
    assert blog.errors == []
    names, streams, slate, failure, figure, again, mixed = done.results.outputs
    assert names == (Stream("stdout", "0 __main__ print\n"),)
    assert streams == (
        Stream("stdout", "0\n1\n2\n"),
        Stream("stderr", "0\n1\n2\n"),
        Bundle({"text/plain": "'end'"}),
    )
    assert slate == (Bundle({"text/plain": "('0', 'a')"}),)
    assert isinstance(failure[0], Failure)
    assert failure[0].name == "ZeroDivisionError"
    assert isinstance(figure[0], Bundle)
    assert isinstance(again[0], Bundle)
    assert set(figure[0].data) == {"image/svg+xml", "image/png", "text/plain"}
    drawings = [bundle.data["image/svg+xml"] for bundle in (figure[0], again[0])]
    undated = [re.sub("<dc:date>.*?</dc:date>", "", drawing) for drawing in drawings]
    assert undated[0] == undated[1]
    assert figure[0].data["image/png"] == again[0].data["image/png"]
    assert mixed == (
        Stream("stdout", "a\n"),
        Bundle({"text/html": "<b>", "text/plain": "<IPython.core.display.HTML object>"}),
        Stream("stdout", "b\n"),
    )
    assert sorted(path.name for path in (blog.root / "posts" / "a").iterdir()) == ["index.ko.md"]


def test_what_the_code_used_runs_it_again(write_blog: WriteBlog) -> None:
    """Local module, module of a module, data file, missing module; not prose, not other files."""
    files: dict[str, str | bytes] = {
        "posts/a/index.ko.md": "글\n\n"
        + cell("import local, yaml\nprint(local.deep.X, open('data.txt').read())")
        + cell("try:\n    import notyet\nexcept ImportError:\n    print('none')"),
        "posts/a/local.py": "import deep\n",
        "posts/a/deep.py": "X = 1\n",
        "posts/a/data.txt": "one",
        "posts/a/unused.txt": "x",
    }
    blog = Blog(write_blog(files))
    blog.run()
    assert blog.errors == []
    assert blog.why() is None
    for name, content, reason in (
        ("index.ko.md", str(files["posts/a/index.ko.md"]).replace("글", "고친 글"), None),
        ("unused.txt", "y", None),
        ("data.txt", "two", "posts/a/data.txt changed"),
        ("deep.py", "X = 2\n", "posts/a/deep.py changed"),
        ("notyet.py", "", "posts/a/notyet.py is new"),
    ):
        write_blog({f"posts/a/{name}": content})
        assert blog.why() == (None if reason is None else (reason,)), name
        if reason:
            blog.run()
            assert blog.why() is None
    (entry,) = (blog.root / "cache").glob("*/*.json")
    text = entry.read_text(encoding="utf-8")
    assert '"PyYAML": ' in text
    assert "index.ko.md" not in text


def test_three_ways_to_fail(write_blog: WriteBlog) -> None:
    """An exception, a dead kernel and a time-out are different errors, each with its place."""
    slow = FRONT_MATTER.replace("title", "execute: {timeout: 1}\ntitle")
    blog = Blog(
        write_blog(
            {
                "posts/a/index.ko.md": "글\n\n" + cell("x = 1") + cell("y = 0\nx / y"),
                "posts/b/index.ko.md": cell("import os, sys\nsys.stderr = None\nos.abort()"),
                "posts/c/index.ko.md": slow + "\n" + cell("while True: pass"),
                "posts/d/index.ko.md": cell("'fine'"),
            }
        )
    )
    done = blog.run()
    assert [item.post.source.folder for item in done] == ["d"]
    failed, died, slow_error = sorted(blog.errors, key=lambda error: str(error.file))
    assert isinstance(failed, CellFailed)
    assert (failed.file, failed.cell, failed.line, failed.text) == (
        "posts/a/index.ko.md",
        3,
        14,
        "x / y",
    )
    assert failed.detail is not None
    assert failed.detail.endswith("ZeroDivisionError: division by zero")
    assert isinstance(died, KernelDied)
    assert (died.file, died.cell, died.line) == ("posts/b/index.ko.md", 1, 7)
    assert isinstance(slow_error, CellTimedOut)
    assert (slow_error.file, slow_error.cell, slow_error.line) == ("posts/c/index.ko.md", 1, 9)


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("File ~/.pyenv/lib/python3.11/json/__init__.py:346", "File json/__init__.py:346"),
        ("\x1b[32m/x/.venv/lib/python3.11/site-packages/a/b.py\x1b[39m", "\x1b[32ma/b.py\x1b[39m"),
        ("/usr/lib/python3/dist-packages/a.py:1: UserWarning", "a.py:1: UserWarning"),
        ("/blog/posts/a/own.py:1: UserWarning", "posts/a/own.py:1: UserWarning"),
        (
            "/elsewhere/own.py and /data/python/notes.txt",
            "/elsewhere/own.py and /data/python/notes.txt",
        ),
    ],
)
def test_errors_do_not_tell_where_files_lie(said: str, shown: str) -> None:
    """A traceback and a warning are the same wherever the blog is built; what is printed stays."""
    raw = [
        nbformat.v4.new_output("stream", name="stdout", text=said),
        nbformat.v4.new_output("stream", name="stderr", text=said),
        nbformat.v4.new_output("error", ename="E", evalue="", traceback=[said]),
    ]
    assert outputs_of(raw, Path("/blog")) == (
        Stream("stdout", said),
        Stream("stderr", shown),
        Failure("E", "", shown),
    )


def test_a_kernel_whose_interpreter_is_gone(
    write_blog: WriteBlog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An environment that was removed leaves its kernelspec: an error of that post alone."""
    spec = tmp_path / "kernels" / "gone" / "kernel.json"
    spec.parent.mkdir(parents=True)
    argv = [
        str(tmp_path / "gone" / "python"),
        "-m",
        "ipykernel_launcher",
        "-f",
        "{connection_file}",
    ]
    spec.write_text(json.dumps({"argv": argv, "display_name": "gone", "language": "python"}))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    front = FRONT_MATTER.replace("title", "kernelspec: {name: gone}\ntitle")
    code = cell("import json\nprint(json.dumps(1))")
    blog = Blog(write_blog({"posts/a/index.ko.md": front + code, "posts/b/index.ko.md": code}))
    (done,) = blog.run()
    assert done.results.outputs == ((Stream("stdout", "1\n"),),)
    (error,) = blog.errors
    assert error.file == "posts/a/index.ko.md"
    assert str(error) == "the kernel `gone` does not start: it ended while it started"
    assert "No such file or directory" in str(error.detail)
