"""What a real kernel sees of its code: two runs, of a warm and of a cold kernel, many questions.

Each question changes one file, asks `why`, and puts the file back.
"""

from __future__ import annotations

import json
import os
import py_compile
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from msgspec.structs import replace

from generator.config import read_config
from generator.errors import InkcellError
from generator.execute import cache as kept
from generator.execute import execute, why
from generator.execute.trace import Trace
from generator.model import Config, Post, Stream
from generator.reading import read_posts

from ..conftest import SETTINGS
from .fake_kernel import cell, with_settings

pytestmark = [pytest.mark.kernel, pytest.mark.xdist_group("tracing")]

CELLS = [
    # Local modules: of a module, of a package, by name, through a link, run as a script.
    "import local\nfrom package.part import X",
    "import importlib\nimportlib.import_module('dynamic')\nimport linked_module",
    "%run script.py",
    # Also where the import system would take bytecode, or not note what it has loaded.
    "import importlib.util\n"
    "spec = importlib.util.spec_from_file_location('anything', 'by_spec.py')\n"
    "spec.loader.exec_module(importlib.util.module_from_spec(spec))\n"
    "import stale\nassert stale.X == 2",
    "import sys\nsys.path.append('lib')\nimport on_the_path\nimport importlib_like_name",
    # Data: by Python's own means and by NumPy.
    "from pathlib import Path\nPath('by_pathlib.txt').read_text()\nPath('index.csv').read_bytes()",
    "import csv\nwith open(b'by_csv.csv') as file:\n    list(csv.reader(file))",
    "import numpy as np\nnp.loadtxt('by_loadtxt.txt')\nnp.load('by_load.npy')\n"
    "np.fromfile('by_fromfile.bin')\nnp.memmap('by_memmap.bin', mode='r+')\nNone",
    "import os\nos.read(os.open('by_os.bin', os.O_RDONLY), 1)\nopen('linked.txt').read()\n"
    "open('../../shared/of_the_blog.txt').read()\nNone",
    "import sqlite3\nconnection = sqlite3.connect('by_sqlite.db')\n"
    "connection.execute('select * from t').fetchall()\nconnection.close()",
    "import threading\nthread = threading.Thread(target=lambda: open('in_a_thread.txt').read())\n"
    "thread.start()\nthread.join()",
    "for name in ('file:by_uri.db?mode=ro', 'file:by%20uri.db#x'):\n"
    "    sqlite3.connect(name, uri=True).execute('select * from t').fetchall()",
    # By processes that are forked, also by one that has closed what it inherited.
    "import multiprocessing\n"
    "def read(name):\n    with open(name) as file:\n        return file.read()\n"
    "with multiprocessing.get_context('fork').Pool(2) as pool:\n"
    "    pool.map(read, ['in_a_fork.txt', 'in_another.txt'])\n"
    "child = os.fork()\nif not child:\n    os.closerange(3, 256)\n"
    "    kept = [os.open('written.tmp', os.O_RDWR | os.O_CREAT) for _ in range(60)]\n"
    "    open('unseen.txt').close()\n    os._exit(os.path.getsize('written.tmp'))\n"
    "assert os.waitpid(child, 0)[1] == 0",
    "def work(folder):\n    import iniconfig\n"
    "    open('written_in_a_fork.txt', 'w').close()\n    return os.listdir(folder)\n"
    "with multiprocessing.get_context('fork').Pool(1) as pool:\n"
    "    pool.map(work, ['listed_in_a_fork'])\n"
    "open('written_in_a_fork.txt').read()\nNone",
    "with open('extended.txt', 'a') as file:\n    file.write('')\nopen('extended.txt').read()\n"
    "open('only_extended.txt', 'a').close()\nNone",
    "with open('updated.txt', 'r+') as file:\n    file.read()",
    "try:\n    open('missing.txt')\nexcept FileNotFoundError:\n    pass",
    # Folders.
    "import glob\nsorted(glob.glob('parts/*.csv'))\nlist(os.walk('tree'))\n"
    "list(Path('later').glob('*.csv'))\nlist(Path().glob('latest/part-*'))\nNone",
    # What the code writes itself.
    "open('written.txt', 'w').write('1')\nopen('written.txt').read()\n"
    "open('moved.tmp', 'w').close()\nos.replace('moved.tmp', 'moved.txt')\n"
    "open('moved.txt').read()\nos.makedirs('made/deep', exist_ok=True)\n"
    "open('made/deep/file.txt', 'w').close()\nos.listdir('made/deep')\n"
    "open('parts/written.csv', 'w').close()\nos.listdir('parts')\nNone",
    "os.makedirs('staged/deep')\nopen('staged/deep/part.txt', 'w').close()\n"
    "os.rename('staged', 'whole')\nopen('whole/deep/part.txt').read()\n"
    "os.link('whole/deep/part.txt', 'second.txt')\nopen('second.txt').read()\nNone",
    "open('generated.py', 'w').write('import chunk_of_it\\n')\n"
    "open('chunk_of_it.py', 'w').close()\n"
    "importlib.invalidate_caches()\nimport generated",
    # Imports that fail.
    "for name in ('notyet', 'package.notyet', 'broken'):\n    try:\n"
    "        importlib.import_module(name)\n    except Exception:\n        pass",
    # Packages: of a distribution; which ipykernel had imported; of a checkout.
    "import tiny, matplotlib\nimport checkout.part",
    "def f():\n    from psutil import POWER_TIME_UNLIMITED\nfrom zmq import POLLIN\nf()",
    # It ends elsewhere.
    "os.chdir('parts/..')\nos.chdir('deep')\nopen('after_chdir.txt').read()\nNone",
]

POST: dict[str, str | bytes] = {
    "local.py": "import deep_local\n",
    "deep_local.py": "import colorsys\n\nX = 1\n",
    "package/__init__.py": "",
    "package/part.py": "from .sibling import X\n",
    "package/sibling.py": "X = 1\n",
    "dynamic.py": "",
    "script.py": "x = 1\n",
    "broken.py": "this is no Python\n",
    "by_spec.py": "X = 1\n",
    "stale.py": "X = 1\n",
    "lib/on_the_path.py": "X = 1\n",
    "importlib_like_name.py": "import os\n\nos.listdir('listed_by_a_module')\n",
    "listed_by_a_module/one.csv": "1",
    "listed_in_a_fork/one.csv": "1",
    "extended.txt": "1",
    "only_extended.txt": "1",
    "by_pathlib.txt": "1",
    "index.csv": "1",
    "by_csv.csv": "1",
    "by_loadtxt.txt": "1",
    "by_fromfile.bin": b"12345678",
    "by_memmap.bin": b"12345678",
    "by_os.bin": b"1",
    "in_a_thread.txt": "1",
    "in_a_fork.txt": "1",
    "in_another.txt": "1",
    "unseen.txt": "1",
    "updated.txt": "1",
    "parts/one.csv": "1",
    "parts/.hidden": "1",
    "tree/branch/leaf.txt": "1",
    "deep/after_chdir.txt": "1",
    "declared.bin": "1",
    "unrelated.txt": "1",
    "unrelated.py": "import pytest\n",
}
SETTING = "dependencies: [declared.bin], warm: {}"


@dataclass(frozen=True)
class Place:
    """The blog after its build, and what lies around it."""

    root: Path
    site_packages: Path
    checkout: Path
    config: Config

    def posts(self) -> list[Post]:
        return list(read_posts(self.config))

    def reasons(self) -> dict[str, tuple[str, ...] | None]:
        """Why each post would run, without its folder's name."""
        found = {}
        for post in self.posts():
            reasons = why(post, self.config, root=self.root)
            here = f"posts/{post.source.folder}/"
            found[post.source.folder] = reasons and tuple(r.replace(here, "") for r in reasons)
        return found

    def trace(self, folder: str) -> Trace:
        """What the run of a post was seen to use."""
        name = f"posts/{folder}/index.ko.md"
        (post,) = [post for post in self.posts() if post.source.path == name]
        entry = kept.last_entry(self.root / self.config.cache, post)
        assert entry is not None
        return entry.trace


def write_files(folder: Path, files: dict[str, str | bytes]) -> None:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())


def install(site_packages: Path, version: str) -> None:
    """A tiny distribution."""
    shutil.rmtree(site_packages, ignore_errors=True)
    info = f"tiny_distribution-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: tiny-distribution\nVersion: {version}\n"
    write_files(
        site_packages,
        {
            "tiny.py": "import graphlib\n\nX = 1\n",
            f"{info}/METADATA": metadata,
            f"{info}/top_level.txt": "tiny\n",
            f"{info}/RECORD": "tiny.py,,\n",
        },
    )


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A blog of two posts with the same code, one for a warm and one for a cold kernel; built."""
    scratch = tmp_path_factory.mktemp("tracing")
    root, site_packages, checkout = (scratch / name for name in ("blog", "site-packages", "work"))
    body = "".join(map(cell, CELLS))
    write_files(root, {"pyproject.toml": SETTINGS, "shared/of_the_blog.txt": "1"})
    for folder in ("warm", "cold"):
        front = with_settings(SETTING.format(str(folder == "warm").lower()))
        write_files(root / "posts" / folder, {"index.ko.md": front + body, **POST})
        post = root / "posts" / folder
        for name in ("by_sqlite.db", "by_uri.db", "by uri.db"):
            with sqlite3.connect(post / name) as connection:
                connection.execute("create table t (x)")
            connection.close()
        (post / "by_load.npy").write_bytes(npy())
        for name in ("by_spec.py", "stale.py"):
            py_compile.compile(str(post / name))
        times = (post / "stale.py").stat()
        (post / "stale.py").write_text("X = 2\n")
        os.utime(post / "stale.py", ns=(times.st_atime_ns, times.st_mtime_ns))
        write_files(root / "shared", {f"{folder}.txt": "1", f"{folder}.py": "X = 1\n"})
        (post / "linked.txt").symlink_to(f"../../shared/{folder}.txt")
        (post / "linked_module.py").symlink_to(f"../../shared/{folder}.py")
    write_files(checkout, {"checkout/__init__.py": "", "checkout/part.py": "X = 1\n"})
    install(site_packages, "1.0")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join(map(str, (site_packages, checkout))))
        patch.syspath_prepend(str(site_packages))
        config = replace(read_config(root), cache=Path("cache"), jobs=2)
        made = Place(root, site_packages, checkout, config)
        errors: list[InkcellError] = []
        done = [*execute(made.posts(), config, root=root, errors=errors, report=lambda event: None)]
        assert [f"{error}: {error.text}\n{error.detail}" for error in errors] == []
        assert len(done) == 2
        yield made


def npy() -> bytes:
    """An array in NumPy's format (NEP 1): one zero."""
    header = "{'descr': '<f8', 'fortran_order': False, 'shape': (1,), }".ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode() + bytes(8)


def test_nothing_has_changed(place: Place) -> None:
    """Straight after the build nothing would run."""
    assert place.reasons() == {"warm": None, "cold": None}


USED = [
    "local.py",
    "deep_local.py",
    "package/__init__.py",
    "package/part.py",
    "package/sibling.py",
    "dynamic.py",
    "linked_module.py",
    "script.py",
    "broken.py",
    "by_spec.py",
    "stale.py",
    "lib/on_the_path.py",
    "importlib_like_name.py",
    "by_pathlib.txt",
    "index.csv",
    "by_csv.csv",
    "by_loadtxt.txt",
    "by_load.npy",
    "by_fromfile.bin",
    "by_memmap.bin",
    "by_os.bin",
    "by_sqlite.db",
    "by_uri.db",
    "by uri.db",
    "in_a_fork.txt",
    "in_another.txt",
    "linked.txt",
    "in_a_thread.txt",
    "updated.txt",
    "extended.txt",
    "deep/after_chdir.txt",
    "declared.bin",
]


@pytest.mark.parametrize("name", USED)
def test_what_the_code_used(place: Place, name: str) -> None:
    """The file has another content: both posts would run, for this reason only; or it is gone."""
    folders = ("warm", "cold")
    paths = [place.root / "posts" / folder / name for folder in folders]
    before = [path.read_bytes() for path in paths]
    for path in paths:
        path.write_bytes(b"# another")
    try:
        assert place.reasons() == dict.fromkeys(folders, (f"{name} changed",))
        for path in paths:
            path.rename(path.with_name("gone"))
        lost = place.reasons()
        for path in paths:
            path.with_name("gone").rename(path)
        assert lost == dict.fromkeys(folders, (f"{name} is gone",))
    finally:
        for path, content in zip(paths, before, strict=True):
            path.write_bytes(content)
    assert place.reasons() == dict.fromkeys(folders)


def test_a_file_of_the_blog_outside_the_post(place: Place) -> None:
    """It is named by its path in the blog."""
    path = place.root / "shared" / "of_the_blog.txt"
    path.write_text("2")
    try:
        reason = ("shared/of_the_blog.txt changed",)
        assert place.reasons() == {"warm": reason, "cold": reason}
    finally:
        path.write_text("1")


NEW = {
    "missing.txt": "missing.txt is new",
    "notyet.py": "notyet.py is new",
    "notyet/__init__.py": "notyet/ is new",
    "notyet/part.py": "notyet/ is new",
    "package/notyet.py": "package/notyet.py is new",
    "package/notyet/__init__.py": "package/notyet/ is new",
    "parts/two.csv": "parts/ holds other files",
    "tree/branch/new.txt": "tree/branch/ holds other files",
    "tree/new/leaf.txt": "tree/ holds other files",
    "listed_by_a_module/two.csv": "listed_by_a_module/ holds other files",
    "listed_in_a_fork/two.csv": "listed_in_a_fork/ holds other files",
    "later/one.csv": "later/ is new",
    "latest/part-1": "latest/ is new",
    "local/__init__.py": "local/__init__.py is new",
    "on_the_path.py": "on_the_path.py is new",
    "package/part/__init__.py": "package/part/__init__.py is new",
    "numpy.py": "numpy.py is new",
    "tiny/__init__.py": "tiny/__init__.py is new",
    "matplotlibrc": "matplotlibrc is new",
}


@pytest.mark.parametrize("name", NEW)
def test_what_would_be_used_if_it_were_there(place: Place, name: str) -> None:
    """A file that was tried, a module that would be found now, a name in a listed folder."""
    for folder in ("warm", "cold"):
        write_files(place.root / "posts" / folder, {name: "x"})
    try:
        assert place.reasons() == dict.fromkeys(("warm", "cold"), (NEW[name],))
    finally:
        for folder in ("warm", "cold"):
            path = place.root / "posts" / folder / name
            path.unlink()
            if name.count("/") and not any(path.parent.iterdir()):
                path.parent.rmdir()
    assert place.reasons() == {"warm": None, "cold": None}


UNUSED: dict[str, Callable[[Path], object]] = {
    "another file": lambda post: (post / "unrelated.txt").write_text("2"),
    "another module": lambda post: (post / "unrelated.py").write_text("2"),
    "a new file": lambda post: (post / "new.txt").write_text("2"),
    "frozen results": lambda post: (post / "frozen.json").unlink(missing_ok=True),
    "what it wrote": lambda post: (post / "written.txt").write_text("2"),
    "what it only wrote to": lambda post: (post / "only_extended.txt").write_text("2"),
    "what a fork wrote": lambda post: (post / "written_in_a_fork.txt").write_text("2"),
    "a module that would be found later": lambda post: write_files(
        post, {"lib/on_the_path/part.py": "", "lib/local.py": ""}
    ),
    "what it wrote is gone": lambda post: (post / "moved.txt").unlink(missing_ok=True),
    "what it wrote into a listed folder": lambda post: (post / "parts" / "written.csv").unlink(
        missing_ok=True
    ),
    "a module that it wrote": lambda post: (post / "generated.py").write_text("X = 2"),
    "another module that it wrote": lambda post: (post / "chunk_of_it.py").unlink(missing_ok=True),
    "a folder that it renamed": lambda post: shutil.rmtree(post / "whole", ignore_errors=True),
    "a second name of what it wrote": lambda post: (post / "second.txt").unlink(missing_ok=True),
    "a folder that it made": lambda post: shutil.rmtree(post / "made", ignore_errors=True),
    "a hidden file": lambda post: (post / "parts" / ".hidden").unlink(missing_ok=True),
    "bytecode": lambda post: write_files(post, {"parts/__pycache__/a.pyc": b""}),
    "a translation": lambda post: (post / "index.en.md").write_text(
        (post / "index.ko.md").read_text(encoding="utf-8"), encoding="utf-8"
    ),
}


@pytest.mark.parametrize("change", UNUSED.values(), ids=UNUSED)
def test_what_the_code_did_not_use(place: Place, change: Callable[[Path], object]) -> None:
    """Nothing would run."""
    for folder in ("warm", "cold"):
        change(place.root / "posts" / folder)
    assert place.reasons() == {"warm": None, "cold": None}


def test_a_link_that_leads_elsewhere(place: Place) -> None:
    """The file is known by the name that the code used."""
    write_files(place.root / "shared", {"other.txt": "other"})
    link = place.root / "posts" / "warm" / "linked.txt"
    before = link.readlink()
    link.unlink()
    link.symlink_to("../../shared/other.txt")
    try:
        assert place.reasons() == {"warm": ("linked.txt changed",), "cold": None}
    finally:
        link.unlink()
        link.symlink_to(before)


def test_versions_of_packages(place: Place) -> None:
    """Those that the code imported, also those that ipykernel had imported before; no others."""
    expected = {
        "tiny-distribution",
        "iniconfig",
        "numpy",
        "matplotlib",
        "psutil",
        "pyzmq",
        "ipython",
    }
    for folder in ("warm", "cold"):
        names = {name.lower() for name in place.trace(folder).packages}
        assert expected <= names
        assert not names & {"pytest", "hypothesis", "jinja2", "nbclient", "scipy"}
    install(place.site_packages, "1.1")
    try:
        assert place.reasons() == dict.fromkeys(("warm", "cold"), ("tiny-distribution 1.0 → 1.1",))
        shutil.rmtree(place.site_packages)
        assert place.reasons() == dict.fromkeys(
            ("warm", "cold"), ("tiny-distribution 1.0 → not installed",)
        )
    finally:
        install(place.site_packages, "1.0")
    assert place.reasons() == {"warm": None, "cold": None}


def test_what_a_warm_parent_imports_next_time(place: Place) -> None:
    """What the code and the modules beside it import; not what packages import for themselves."""
    for folder in ("warm", "cold"):
        imports = place.trace(folder).imports
        assert {"tiny", "matplotlib", "colorsys"} <= {*imports}
        assert not {"graphlib", "local", "deep_local", "package.part"} & {*imports}


def test_an_import_that_becomes_possible(place: Place) -> None:
    """The module that failed is installed now."""
    write_files(place.site_packages, {"notyet.py": ""})
    try:
        reason = ("notyet can be imported now",)
        assert place.reasons() == {"warm": reason, "cold": reason}
    finally:
        (place.site_packages / "notyet.py").unlink()


def test_a_module_that_is_worked_on_elsewhere(place: Place) -> None:
    """It has a version that says nothing, or none: its files count; those of packages do not."""
    path = place.checkout / "checkout" / "part.py"
    path.write_text("X = 2\n")
    try:
        reason = (f"{path} changed",)
        assert place.reasons() == {"warm": reason, "cold": reason}
    finally:
        path.write_text("X = 1\n")
    for folder in ("warm", "cold"):
        outside = {name for name in place.trace(folder).files if Path(name).is_absolute()}
        assert outside == {str(path), str(path.with_name("__init__.py"))}


def test_warm_and_cold_kernels_see_the_same(place: Place) -> None:
    """Where a post runs does not decide when it runs again."""
    warm, cold = place.trace("warm"), place.trace("cold")
    assert warm.packages == cold.packages
    assert warm.missing == cold.missing
    assert {name.replace("/warm/", "/cold/") for name in warm.files} == set(cold.files)
    assert not [name for name in warm.files if "index.ko" in name or "unrelated" in name]


def test_a_file_that_changes_while_the_code_runs(tmp_path: Path) -> None:
    """Nobody knows which content the results belong to: the code runs again at the next build."""
    body = cell("import own\nprint(open('data.txt').read(), own.X)") + cell(
        "!printf two > data.txt\n!printf 'X = 2' > own.py\nopen('own.txt').read()"
        "\nopen('own.txt', 'w').write('b')\nNone"
    )
    write_files(
        tmp_path,
        {
            "pyproject.toml": SETTINGS,
            "posts/a/index.ko.md": with_settings("warm: false") + body,
            "posts/a/data.txt": "one",
            "posts/a/own.py": "X = 1",
            "posts/a/own.txt": "a",
        },
    )
    config = replace(read_config(tmp_path), cache=Path("cache"))
    errors: list[InkcellError] = []
    (done,) = execute(
        read_posts(config), config, root=tmp_path, errors=errors, report=lambda event: None
    )
    assert done.results.outputs[0] == (Stream("stdout", "one 1\n"),)
    (post,) = read_posts(config)
    assert why(post, config, root=tmp_path) == (
        "posts/a/data.txt changed while the code ran",
        "posts/a/own.py changed while the code ran",
    )


PROBE = """
import sys
from pathlib import Path
from generator.execute.trace import TRACE_TYPE, report_code, watch_code
root, here, sys.prefix = sys.argv[1:]
class Shell:
    user_ns = {}
    class display_pub:
        publish = staticmethod(lambda bundle: print(bundle[TRACE_TYPE]))
get_ipython = Shell
exec(watch_code(Path(root), here))
open("data.txt").read()
sys.path.insert(0, "")
import own
exec(report_code())
"""


def seen(root: Path, cwd: Path, prefix: str = sys.prefix, here: str = "") -> list[str]:
    """The files that bare Python reports when it reads and imports what lies in a folder."""
    said = subprocess.run(
        [sys.executable, "-c", PROBE, str(root), here, prefix],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "PYTHONSAFEPATH": "1"},
        cwd=cwd,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    files: list[str] = json.loads(said)["files"]
    return [name for name in files if not Path(name).is_absolute()]


def test_a_blog_below_the_prefix_of_its_interpreter(tmp_path: Path) -> None:
    """As in /usr/src, or with the environment in the blog's own folder: the blog's files count."""
    blog = tmp_path / "blog"
    for folder in ("", "env/"):
        write_files(blog, {f"{folder}data.txt": "1", f"{folder}own.py": "X = 1\n"})
    for prefix in (tmp_path, blog, blog / "env"):
        assert seen(blog, blog, str(prefix)) == ["data.txt", "own.py"]
    assert seen(blog, blog / "env", str(blog / "env")) == []


def test_a_folder_that_is_a_link(tmp_path: Path) -> None:
    """Posts may lie elsewhere: their files are those of the folder that the blog sees."""
    write_files(tmp_path, {"elsewhere/data.txt": "1", "elsewhere/own.py": "X = 1\n"})
    (tmp_path / "blog" / "posts").mkdir(parents=True)
    (tmp_path / "blog" / "posts" / "a").symlink_to(tmp_path / "elsewhere")
    found = seen(tmp_path / "blog", tmp_path / "blog" / "posts" / "a", here="posts/a")
    assert found == ["posts/a/data.txt", "posts/a/own.py"]
