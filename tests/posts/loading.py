"""Loading the module that lies beside a post: posts are no package."""

from __future__ import annotations

import importlib.util
import sys
from types import ModuleType

from ..conftest import REPOSITORY


def load_module(post: str, name: str, importable: bool = False) -> ModuleType:
    """The module `posts/<post>/<name>.py`, under a name that cannot clash with a package.

    `importable`: also under its own name, by which the other modules beside the post import it.
    """
    path = REPOSITORY / "posts" / post / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"posts.{post}.{name}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    if importable:
        sys.modules[name] = module
    spec.loader.exec_module(module)
    return module
