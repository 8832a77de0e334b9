"""Where Jupyter finds a kernel, and which kernels are our own."""

from __future__ import annotations

import json
import os
import sys


def kernel_files(kernel: str) -> list[str]:
    """Every place where Jupyter may find the kernel of a name, the first one first."""
    home = os.path.expanduser("~")
    folders = [
        *os.environ.get("JUPYTER_PATH", "").split(os.pathsep),
        os.environ.get("JUPYTER_DATA_DIR", ""),
        os.path.join(os.environ.get("XDG_DATA_HOME", f"{home}/.local/share"), "jupyter"),
        os.path.join(home, "Library", "Jupyter"),
        os.path.join(os.environ.get("APPDATA", home), "jupyter"),
        os.path.join(sys.prefix, "share", "jupyter"),
        os.path.join(os.environ.get("PROGRAMDATA", "/usr/local/share"), "jupyter"),
        "/usr/local/share/jupyter",
        "/usr/share/jupyter",
        os.environ.get("IPYTHONDIR", f"{home}/.ipython"),
    ]
    return [f"{folder}/kernels/{kernel}/kernel.json" for folder in folders if folder]


def is_own(kernel: str) -> bool:
    """Whether a kernel's code runs in this interpreter: `environment` tells what it can import."""
    argv = _command(kernel)
    if argv is None:
        return kernel == "python3"
    is_python = any(word.startswith("ipykernel") for word in argv)
    return is_python and argv[0] in ("python", "python3", sys.executable)


def is_node(kernel: str) -> bool:
    """Whether a kernel is our own for Node: what its code can import lies beside the post."""
    return "generator.execute.node_kernel" in (_command(kernel) or ())


def _command(kernel: str) -> list[str] | None:
    for path in kernel_files(kernel):
        try:
            with open(path, "rb") as file:
                return [str(word) for word in json.load(file)["argv"]]
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return None
