"""The kernels that are installed: how they start, and what can be imported in them."""

from __future__ import annotations

import re

from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

from ..errors import KernelMissing
from .interpreters import (
    Environment,
    ask_interpreter,
    ask_node,
    executable_of,
    other_language,
)
from .trace import is_node, is_python

PYTHON_NAME = re.compile(r"python|conda|ipykernel|^py\d|venv|^base$", re.IGNORECASE)
NODE_NAME = re.compile(r"^(node|javascript|js|jslab|tslab|ijavascript|deno|nodejs)$", re.IGNORECASE)
INSTALLATION = {
    "ir": "install R's kernel: R -e 'install.packages(\"IRkernel\"); IRkernel::installspec()'",
    "bash": "install it: pip install bash_kernel && python -m bash_kernel.install",
    "sagemath": "install SageMath, which brings its kernel",
    "octave": "install it: pip install octave_kernel",
    "xcpp17": "install it: conda install xeus-cling -c conda-forge",
    "rust": "install it: cargo install evcxr_jupyter && evcxr_jupyter --install",
}
"""How to get kernels that notebooks often name."""


def command_of(name: str, specs: KernelSpecManager) -> list[str]:
    """The command line that starts a kernel.

    Raises:
        KernelMissing: no kernel of that name is installed.
    """
    try:
        return list(specs.get_kernel_spec(name).argv)
    except NoSuchKernel:
        installed = sorted(specs.find_kernel_specs())
        hint = INSTALLATION.get(name.lower())
        if PYTHON_NAME.search(name) and "python3" in installed:
            hint = "for the Python of this environment write `kernelspec: {name: python3}`"
        elif NODE_NAME.search(name) and "inkcell-node" in installed:
            hint = "Inkcell's own kernel for Node is `kernelspec: {name: inkcell-node}`"
        elif name.lower().startswith("julia"):
            hint = 'install it from Julia: using Pkg; Pkg.add("IJulia")'
        listed = f"installed: {', '.join(installed) or 'none'}"
        raise KernelMissing(f"the kernel `{name}` is not installed").at(
            text=f"kernelspec: {{name: {name}}}", hint=f"{hint}; {listed}" if hint else listed
        ) from None


def environment_of(kernel: str) -> Environment:
    """What can be imported in a kernel.

    Raises:
        KernelMissing: no kernel of that name is installed.
        ExecutionError: its interpreter does not start.
    """
    argv = command_of(kernel, KernelSpecManager())
    if is_python(argv):
        return ask_interpreter(executable_of(argv))
    return ask_node() if is_node(argv) else other_language(kernel)
