"""Kernels that are not installed: notebooks from elsewhere name many. No kernel starts here."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any, cast

import pytest
from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

from generator.errors import KernelMissing
from generator.execute.interpreters import Environment, other_language
from generator.execute.kernel import Kernels
from generator.execute.kernelspecs import command_of

OURS = "for the Python of this environment write `kernelspec: {name: python3}`"
NODE = "Inkcell's own kernel for Node is `kernelspec: {name: inkcell-node}`"
R = "install R's kernel: R -e 'install.packages(\"IRkernel\"); IRkernel::installspec()'"
JULIA = 'install it from Julia: using Pkg; Pkg.add("IJulia")'


class Specs:
    """A machine with these kernels."""

    def __init__(self, *names: str) -> None:
        self.names = names

    def find_kernel_specs(self) -> dict[str, str]:
        return dict.fromkeys(self.names, "/somewhere")

    def get_kernel_spec(self, name: str) -> Any:
        raise NoSuchKernel(name)


def refusal(name: str, *installed: str) -> KernelMissing:
    with pytest.raises(KernelMissing) as missing:
        command_of(name, cast("KernelSpecManager", Specs(*installed)))
    return missing.value


def test_a_kernel_that_is_asked_for_long_keeps_nobody_from_ending(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C ends a build at once, also while an interpreter says what can be imported in it."""
    asked, answer = threading.Event(), threading.Event()
    times: list[str] = []

    def slow(name: str) -> Environment:
        times.append(name)
        asked.set()
        assert answer.wait(120)
        return other_language(name)

    monkeypatch.setattr("generator.execute.kernel.environment_of", slow)
    kernels = Kernels(tmp_path)
    asking = [threading.Thread(target=kernels.environment, args=["slow"]) for _ in range(2)]
    ending = threading.Thread(target=kernels.close)
    for thread in asking:
        thread.start()
    assert asked.wait(60)
    ending.start()
    ending.join(60)
    ended = not ending.is_alive()
    answer.set()
    for thread in (*asking, ending):
        thread.join(60)
    assert ended
    assert times == ["slow"]


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("conda-env-default-py", OURS),
        ("conda-base-py", OURS),
        ("Python [Root]", OURS),
        ("Python [conda env:base]", OURS),
        ("python2", OURS),
        ("py39", OURS),
        (".venv", OURS),
        ("node", NODE),
        ("javascript", NODE),
        ("tslab", NODE),
        ("julia-1.10", JULIA),
        ("ir", R),
        ("IR", R),
    ],
)
def test_a_hint_for_names_that_notebooks_bring(name: str, hint: str) -> None:
    """What to write or to install, and what is there."""
    error = refusal(name, "python3", "inkcell-node")
    assert str(error) == f"the kernel `{name}` is not installed"
    assert error.text == f"kernelspec: {{name: {name}}}"
    assert error.hint == f"{hint}; installed: inkcell-node, python3"


@pytest.mark.parametrize(
    ("name", "installed", "hint"),
    [
        ("cobol", ("python3",), "installed: python3"),
        ("node", ("python3",), "installed: python3"),
        ("python2", ("ir",), "installed: ir"),
        ("cobol", (), "installed: none"),
    ],
)
def test_only_what_is_there_is_offered(name: str, installed: tuple[str, ...], hint: str) -> None:
    """No hint at a kernel that is not installed either."""
    assert refusal(name, *installed).hint == hint
