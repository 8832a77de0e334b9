"""What a warm parent imported is put back as a fresh import would bring it; no kernel starts.

Small packages show what real ones do while they are imported: a forked process that imports one
of them has the modules of a process that has imported nothing before, and tried the same.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

WARM = Path(__file__).parents[2] / "generator" / "execute" / "warm.py"

PROGRAM = """\
import importlib.util, json, os, sys, types
import IPython.core.interactiveshell
path, asked = sys.argv[1], json.loads(sys.argv[2])
spec = importlib.util.spec_from_file_location("warm", path)
warm = importlib.util.module_from_spec(spec)
spec.loader.exec_module(warm)
base = set(sys.modules)

class Watch:
    tried = set()
    @staticmethod
    def find_spec(name, path=None, target=None):
        Watch.tried.add(name)

def forked(code, stash=None):
    reading, writing = os.pipe()
    if not os.fork():
        try:
            if stash is not None:
                stash.begin()
            sys.modules["__main__"] = types.ModuleType("__main__")
            sys.meta_path.insert(0, Watch)
            names = {}
            exec(code, names)
            tried = Watch.tried | (stash.failed if stash else set())
            said = {
                "modules": sorted(set(sys.modules) - base),
                "missing": sorted(n for n in tried if "." not in n and n not in sys.modules),
                "said": names.get("said"),
            }
            os.write(writing, json.dumps(said).encode())
        finally:
            os._exit(0)
    os.close(writing)
    with open(reading, "rb") as pipe:
        data = pipe.read()
    os.wait()
    return json.loads(data or b"null")

fresh = [forked(code) for code in asked["kernels"]]
stash = warm.load_beside('stash').Stash(base)
refused = warm.preload(stash, asked["parent"])
warmed = [forked(code, stash) for code in asked["kernels"]]
print(json.dumps([refused, fresh, warmed]))
"""


@dataclass(frozen=True)
class Case:
    """Files on the path, what a parent imports in order, and what forks of it run."""

    name: str
    files: Mapping[str, str]
    parent: tuple[str, ...]
    kernels: tuple[str, ...]


ASKS_FOR_ANOTHER = {
    "looking.py": "import sys\nif 'other' in sys.modules:\n    import extra\n",
    "other.py": "",
    "extra.py": "",
}
LAZY_CLASS = {
    "package/__init__.py": """\
def __getattr__(name):
    global Thing
    if name == "Thing":
        from .thing import Thing as found
        Thing = found
        return found
    raise AttributeError(name)
""",
    "package/thing.py": "class Thing: pass\n",
    "one.py": "from package import Thing\n",
    "two.py": "import package\nTHING = package.Thing\n",
    "both.py": "import one, two\n",
}
LAZY_MODULE = {
    "package/__init__.py": """\
def __getattr__(name):
    if name == "part":
        import package.part as part
        return part
    raise AttributeError(name)
""",
    "package/part.py": "",
    "one.py": "import package\npackage.part\n",
    "two.py": "import package\nPART = package.part\n",
    "both.py": "import one, two\n",
    "plain.py": "import package.part\n",
    "mixed.py": "import plain, two\n",
}
CASES = (
    Case(
        "a module asks whether others can be found",
        {
            "asking.py": "from importlib.util import find_spec\n"
            "FOUND = [name for name in ('other', 'nowhere') if find_spec(name)]\n",
            "other.py": "import extra\n",
            "extra.py": "",
        },
        ("other", "asking"),
        ("import asking\nsaid = asking.FOUND", "import asking, other"),
    ),
    Case(
        "a module imports another if a third has been imported",
        ASKS_FOR_ANOTHER,
        ("other", "looking"),
        ("import looking", "import other", "import looking, other"),
    ),
    Case(
        "a function that was called while others were imported",
        {
            "library.py": "def load():\n    import extra\n",
            "calling.py": "import library\nlibrary.load()\n",
            "quiet.py": "import library\n",
            "extra.py": "",
        },
        ("calling", "quiet"),
        ("import calling", "import quiet"),
    ),
    Case(
        "a package that imports what it is asked for",
        LAZY_CLASS,
        ("both", "one", "two"),
        (
            "import one",
            "import two",
            "import package\nsaid = sorted(vars(package))",
            "import two, package\nsaid = 'Thing' in vars(package)",
            "import package, sys\nThing = package.Thing\n"
            "from package import Thing as again\nsaid = [Thing is again, 'one' in sys.modules]",
        ),
    ),
    Case(
        "a package that imports its parts when they are asked for",
        LAZY_MODULE,
        ("both", "plain", "one", "two"),
        (
            "import one",
            "import two, package\nsaid = 'part' in vars(package)",
            "import plain, package\nsaid = 'part' in vars(package)",
            "import package\nsaid = 'part' in vars(package)",
            "import package.part\nsaid = package.part.__name__",
        ),
    ),
    Case(
        "a part is there already when a module asks a package for it",
        LAZY_MODULE,
        ("mixed", "plain", "two"),
        ("import two", "import plain", "import package\nsaid = 'part' in vars(package)"),
    ),
    Case(
        # It imports `xml.etree.ElementPath` in C, which has been imported when it is.
        "an extension module that imports",
        {},
        ("xml.etree.ElementTree", "xml.etree.ElementPath"),
        ("import _elementtree", "import xml.etree.ElementPath"),
    ),
    Case(
        "a package that deletes a part from its names",
        {
            "package/__init__.py": "from . import setup, kept\ndel setup\n",
            "package/setup.py": "",
            "package/kept.py": "",
        },
        ("package", "package.setup"),
        ("import package\nsaid = [hasattr(package, name) for name in ('setup', 'kept')]",),
    ),
    Case(
        "a module that gives the main module another name",
        {
            "entering.py": "import sys\nsys.modules['__other__'] = sys.modules['__main__']\n",
            "user.py": "import entering\n",
        },
        ("user", "entering"),
        (
            "import sys, user\nsaid = sys.modules['__other__'] is sys.modules['__main__']",
            "import sys\nsaid = '__other__' in sys.modules",
        ),
    ),
    Case(
        "modules that cannot be imported have imported others",
        {
            "package/__init__.py": "try:\n    from . import fast\nexcept ImportError:\n    pass\n",
            "package/fast.py": "import extra\nimport nowhere\n",
            "broken.py": "import other\nimport not_there\n",
            "careful.py": "try:\n    import broken\nexcept ImportError:\n    pass\n",
            "extra.py": "",
            "other.py": "import third\n",
            "third.py": "",
        },
        ("package", "careful", "other"),
        ("import package", "import careful", "import package, careful, extra"),
    ),
)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.parametrize("backwards", [False, True], ids=["", "backwards"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_forked_as_fresh(case: Case, backwards: bool, tmp_path: Path) -> None:
    """Modules, tried names and values are those of a fresh import, in whatever order."""
    for name, text in case.files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    parent = case.parent[::-1] if backwards else case.parent
    refused, fresh, warm = _run({"parent": parent, "kernels": case.kernels}, tmp_path)
    assert refused == ["", ""]
    for code, one, other in zip(case.kernels, fresh, warm, strict=True):
        assert one is not None, code
        assert other == one, code


def _run(asked: Mapping[str, Any], path: Path) -> Any:
    """What a parent and the forks of it said."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(WARM), json.dumps(asked)],
        env={**os.environ, "PYTHONPATH": str(path), "PYTHONDONTWRITEBYTECODE": "1"},
        cwd=path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
