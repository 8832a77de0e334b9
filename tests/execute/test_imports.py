"""What posts import, and which of them need a kernel that imports everything itself."""

from __future__ import annotations

import gc
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from msgspec.structs import replace

from generator.execute.imports import imports_of, needs_cold_kernel, union
from generator.model import Post

from .fake_kernel import cell, post, with_settings


def with_files(code: str, **files: str) -> Post:
    """A post with modules beside it."""
    plain = post(cell(code))
    neighbours = {name.replace("__", "/") + ".py": text.encode() for name, text in files.items()}
    return replace(plain, source=replace(plain.source, neighbours=neighbours))


IMPORTS = [
    ("import numpy", ["numpy"]),
    ("import numpy as np, scipy.linalg", ["numpy", "scipy.linalg"]),
    ("from scipy import sparse", ["scipy", "scipy.sparse"]),
    ("from numpy import *", ["numpy"]),
    (
        "if True:\n    try:\n        import torch\n    except ImportError:\n        pass",
        ["torch", "torch.optim", "torch._dynamo"],
    ),
    ("def f():\n    import numpy", ["numpy"]),
    ("from . import here\nfrom .here import x", []),
    ("# import numpy\n'import scipy'", []),
    ("import numpy\nimport numpy", ["numpy"]),
    ("%matplotlib inline\nimport numpy", ["numpy"]),
    ("files = !ls\nimport numpy", ["numpy"]),
    ("if x:\n    !ls\n    %time f()\nimport numpy", ["numpy"]),
    ("numpy?\nimport numpy\nnumpy.dot??", ["numpy"]),
    ("%%time\nimport numpy", ["numpy"]),
    ("%%bash\nfor x in *; do echo $x; done", []),
    ("x = (7\n  % 4)\nimport numpy", ["numpy"]),
    ("this is no Python\nimport numpy", []),
    ("import\0numpy", []),
    ('"\\d"\nimport numpy', ["numpy"]),
]


@pytest.mark.parametrize(("code", "modules"), IMPORTS)
def test_imports_as_they_are_written(code: str, modules: list[str]) -> None:
    """In order, each once; magics are no obstacle, what is no Python says nothing."""
    assert list(imports_of(post(cell(code)))) == modules


def test_posts_are_read_side_by_side() -> None:
    """Kernels' threads ask at once, and whatever Python code the collector runs comes between."""
    deep = cell("import numpy\nx = " + "(1, " * 40 + "2" + ")" * 40)
    asked, before = [post(deep * 5), post(cell("import numpy"))] * 12, gc.get_threshold()

    def between(phase: str, info: dict[str, int]) -> None:
        time.sleep(0)

    gc.callbacks.append(between)
    gc.set_threshold(50)
    try:
        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(imports_of, asked))
    finally:
        gc.set_threshold(*before)
        gc.callbacks.remove(between)
    assert found == [("numpy",)] * len(asked)


def test_modules_beside_the_post() -> None:
    """Their imports count, they themselves do not: a warm parent knows no post's folder."""
    found = with_files(
        "import helper, pack.part, yaml", helper="import numpy\nimport pack", pack__part="import re"
    )
    assert set(imports_of(found)) == {"yaml", "numpy", "re"}


def test_pyplot_brings_what_it_imports_late() -> None:
    """Of a post that never ran this is known beforehand."""
    assert "matplotlib.backends.backend_svg" in imports_of(
        post(cell("import matplotlib.pyplot as plt"))
    )


def test_cells_that_do_not_run_import_nothing() -> None:
    """Skipped code has no imports."""
    assert imports_of(post(cell("import numpy", "skip-execution"))) == ()


def test_a_union_keeps_the_order() -> None:
    """Every name once, where it first stands."""
    assert union([["b", "a"], ["a", "c"], []]) == ("b", "a", "c")


COLD = [
    "import os\nos.environ['OMP_NUM_THREADS'] = '1'",
    "os.environ[name] = value",
    "from os import environ\nenviron['A'] = 'b'",
    "import os as system\nsystem.environ['A'] = 'b'",
    "os.environb[b'A'] = b'b'",
    "os.environ['PATH'] += ':/x'",
    "os.environ |= {'A': 'b'}",
    "del os.environ['A']",
    "os.environ['A'], x = 'b', 1",
    "for os.environ['A'] in 'xy': pass",
    "os.environ.update(A='b')",
    "os.environ.setdefault('A', 'b')",
    "os.environ.pop('A', None)",
    "os.environ.clear()",
    "os.putenv('A', 'b')",
    "os.unsetenv('A')",
    "def f():\n    os.environ['A'] = 'b'",
    "%env A=b",
    "%set_env A b",
    "if True:\n    %env A b",
    "!ls\nos.environ['A'] = 'b'",
]
WARM = [
    "os.environ.get('A')",
    "os.environ['A']",
    "os.environ['A'] == 'b'",
    "x = os.environ['A']",
    "x[os.environ['A']] = 1",
    "os.environ.copy()",
    "dict(os.environ).update(A='b')",
    "os.getenv('A')",
    "'A' in os.environ",
    "# os.environ['A'] = 'b'",
    "print('os.environ[\"A\"] = 1')",
    "%env",
    "%matplotlib inline",
    "environment['A'] = 'b'",
    "options.update(A='b')",
]


@pytest.mark.parametrize("code", COLD)
def test_code_that_sets_variables_needs_a_cold_kernel(code: str) -> None:
    """It may have to be set before a library is imported."""
    assert needs_cold_kernel(post(cell(code)), "cpu")
    assert needs_cold_kernel(with_files("import m", m=code), "cpu")


@pytest.mark.parametrize("code", WARM)
def test_code_that_reads_variables_does_not(code: str) -> None:
    """Reading, comparing, copying, comments and texts."""
    assert not needs_cold_kernel(post(cell(code)), "cpu")


@pytest.mark.parametrize(
    ("settings", "device", "cold"),
    [
        ("warm: true", "cpu", False),
        ("warm: true", "cuda", False),
        ("warm: false", "cpu", True),
        ("gpu: preferred", "cpu", False),
        ("gpu: preferred", "cuda", True),
        ("gpu: required", "cuda", True),
    ],
)
def test_settings_that_need_a_cold_kernel(settings: str, device: str, cold: bool) -> None:
    """`warm: false`, and CUDA, which does not survive a fork."""
    assert needs_cold_kernel(post(cell("1"), front=with_settings(settings)), device) is cold


@pytest.mark.parametrize(
    ("name", "cold"),
    [
        ("matplotlibrc", True),
        ("sitecustomize.py", True),
        ("data.csv", False),
        ("x.mplstyle", False),
    ],
)
def test_files_that_need_a_cold_kernel(name: str, cold: bool) -> None:
    """What a library reads from the working folder while it is imported."""
    plain = post(cell("1"))
    beside = replace(plain, source=replace(plain.source, neighbours={name: b""}))
    assert needs_cold_kernel(beside, "cpu") is cold
