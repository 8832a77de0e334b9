"""What `--help` tells, and what a shell completes."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from pathlib import Path
from unicodedata import normalize

import click
import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner

from generator.cli import main
from generator.cli.help_pages import COMMANDS, EXAMPLES, OPTIONS, STATUSES

from .conftest import WriteBlog


def help_of(*command: str) -> str:
    """A help page on a wide terminal."""
    done = CliRunner().invoke(main, [*command, "--help"], terminal_width=100)
    assert done.exit_code == 0
    return done.stdout


@pytest.mark.parametrize("name", sorted(main.commands))
def test_every_command_has_examples_and_statuses(name: str) -> None:
    """With what each example does, no line wider than the terminal, every option explained."""
    text = help_of(name)
    assert "\nExamples:\n" in text
    assert " ".join(STATUSES.split()) in " ".join(text.split())
    assert max(map(len, text.splitlines())) <= 100
    for param in main.commands[name].params:
        if isinstance(param, click.Option):
            assert param.help, f"{name} {param.name}"
            assert f"{max(param.opts, key=len)} " in text


def test_summaries_are_whole() -> None:
    """Each command says in a line of an ordinary terminal what it does."""
    text = CliRunner().invoke(main, ["--help"], terminal_width=80).stdout
    lines = {line.split()[0]: line for line in text.splitlines() if line.startswith("  ")}
    for name in main.commands:
        assert lines[name].endswith("."), name
        assert not lines[name].endswith("..."), name


@pytest.mark.parametrize("example", [line for lines in EXAMPLES.values() for line, _ in lines])
def test_examples_are_right(example: str) -> None:
    """Each is a command line that its command accepts."""
    line = example.removeprefix('eval "$(').removesuffix(')"').partition(" > ")[0]
    program, name, *arguments = shlex.split(line)
    assert program == "inkcell"
    main.commands[name].make_context(name, arguments)


def test_groups_name_what_there_is() -> None:
    """Every name in them is a command's or an option's; no option stands in two."""
    named = [name for names in COMMANDS.values() for name in names]
    assert len(named) == len(set(named))
    assert {*named} <= {*main.commands}
    assert {*EXAMPLES} <= {*main.commands}
    for grouped, groups in OPTIONS.items():
        options = [name for names in groups.values() for name in names]
        assert len(options) == len(set(options))
        assert {*options} <= {param.name for param in main.commands[grouped].params}
    text = help_of()
    for name, command in main.commands.items():
        assert command.name == name
        assert text.count(f"\n  {name} ") == 1


def completions(root: Path, *words: str) -> list[str]:
    """What a shell offers for the last of these words."""
    *before, incomplete = words
    arguments = ["--root", str(root), *before]
    offered = ShellComplete(main, {}, "inkcell", "_INKCELL_COMPLETE")
    return [item.value for item in offered.get_completions(arguments, incomplete)]


def test_names_of_posts_are_completed(write_blog: WriteBlog) -> None:
    """Wherever a post is asked for; one that is given already is not offered again."""
    names = ("ncut", "nets", "집합", "_later", "__pycache__")
    root = write_blog({f"posts/{name}/index.ko.md": "글\n" for name in names})
    (root / "posts" / "notes.md").write_text("")
    for words in (("why",), ("freeze",), ("check", "--cold"), ("build", "--refresh")):
        assert completions(root, *words, "n") == ["ncut", "nets"]
        assert completions(root, *words, "") == ["ncut", "nets", "집합"]
    assert completions(root, "freeze", "ncut", "") == ["nets", "집합"]
    assert completions(root / "posts", "why", "") == []


def test_names_in_hangul_are_completed(write_blog: WriteBlog) -> None:
    """In whatever form (UAX 15) the disk has them, and the terminal."""
    decomposed = normalize("NFD", "집합론")
    root = write_blog({f"posts/{decomposed}/index.ko.md": "글\n"})
    for typed in ("집합", normalize("NFD", "집합")):
        assert completions(root, "why", typed) == ["집합론"]


def test_names_of_posts_in_the_home_folder_are_completed(
    write_blog: WriteBlog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A shell hands over `~/blog` as it is typed; a folder that is none has no posts."""
    root = write_blog({"posts/a/index.ko.md": "글\n"})
    monkeypatch.setenv("HOME", str(root.parent))
    monkeypatch.chdir(root)
    assert completions(Path("~/blog"), "why", "") == ["a"]
    assert completions(Path("~/nowhere"), "why", "") == []


def test_commands_and_options_are_completed(tmp_path: Path) -> None:
    """Without a blog, too."""
    assert completions(tmp_path, "in") == ["init"]
    assert completions(tmp_path, "build", "--no-") == ["--no-cache", "--no-execute"]
    assert completions(tmp_path, "completion", "") == ["bash", "zsh", "fish"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_is_that_of_the_shell(shell: str) -> None:
    """And a shell that is installed can read it."""
    done = CliRunner().invoke(main, ["completion", shell])
    assert done.exit_code == 0
    assert f"_INKCELL_COMPLETE={shell}_complete" in done.stdout
    if program := shutil.which(shell):
        subprocess.run([program, "-n"], input=done.stdout, text=True, check=True)
