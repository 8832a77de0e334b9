"""The notebooks that `notebooks.py` measures with: the same ones every time, and no two alike.

Each has six code cells, prose and a formula, and prints two numbers that stand nowhere in its
source: powers modulo a prime. So a page that shows them is the page of a notebook that ran. The
last cell prints the moment in which it ran as well: kept results are known by showing it again.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from string import Template

SEED = 20220708
PRIME = 2**61 - 1
WORDS = ("plain", "small", "classical", "pleasant", "useful")


@dataclass(frozen=True, slots=True)
class Subject:
    """What notebooks of one kind say and compute; `$name` stands for a parameter."""

    title: str
    prose: str
    formula: str
    code: str
    """Six cells, each begun by a line `# %%`."""
    figures: int = 2


@dataclass(frozen=True, slots=True)
class Sample:
    """One notebook, and what a page made of it must show."""

    slug: str
    day: date
    subject: Subject
    parameters: Mapping[str, int]
    base: int
    known: int
    """The fifth code cell prints base ** known modulo PRIME."""
    late: int
    """The sixth code cell prints base ** late modulo PRIME."""
    word: str
    """A word of the prose."""


WALKS = Subject(
    title="Random walks of $steps steps",
    prose="How far does a walker get who tosses a coin before every step? "
    "After $steps steps the mean square of the distance is the number of steps.",
    formula=r"\operatorname{E} S_n^2 = \sum_{k=1}^n \operatorname{E} X_k^2 = n",
    code="""\
# %%
import time

import matplotlib.pyplot as plt
import numpy as np

rng = np.random.default_rng($seed)
# %%
coins = rng.integers(0, 2, size=($count, $steps))
walks = np.cumsum(2 * coins - 1, axis=1)
# %%
moments = np.arange(1, $steps + 1)
spread = np.sqrt((walks**2).mean(axis=0))
# %%
plt.plot(moments, walks[:$lines].T, linewidth=0.6)
plt.xlabel("step")
plt.show()
# %%
print(spread[:: $steps // 4].round(2))
# %%
plt.loglog(moments, spread, label="measured")
plt.loglog(moments, np.sqrt(moments), "--", label="square root")
plt.legend()
plt.show()
""",
)

SINES = Subject(
    title="A square wave of $count sines",
    prose="The partial sums of the Fourier series overshoot the jump, however many terms they "
    "have. Here it is seen with up to $count of them.",
    formula=r"f(x) = \frac{4}{\pi} \sum_{k=0}^{\infty} \frac{\sin\bigl((2k+1)x\bigr)}{2k+1}",
    code="""\
# %%
import time

import matplotlib.pyplot as plt
import numpy as np
# %%
x = np.linspace(-np.pi, np.pi, 4 * $steps)
k = 2 * np.arange($count) + 1
# %%
terms = 4 / np.pi * np.sin(np.outer(k, x)) / k[:, None]
sums = terms.cumsum(axis=0)
# %%
for count in (1, $lines, $count):
    plt.plot(x, sums[count - 1], label=f"{count} terms")
plt.legend()
plt.show()
# %%
print(sums.max(axis=1)[[0, $lines, -1]].round(4))
# %%
errors = np.abs(sums - np.sign(x)).mean(axis=1)
plt.loglog(np.arange(1, $count + 1), errors, ".")
plt.ylabel("mean error")
plt.show()
""",
)

SPECTRUM = Subject(
    title="The spectrum of a random matrix of order $order",
    prose="The eigenvalues of a large symmetric matrix with random entries fill a half disc. "
    "At order $order this is already easy to see.",
    formula=r"\varrho(\lambda) = \frac{1}{2\pi} \sqrt{4 - \lambda^2}, \qquad |\lambda| \le 2",
    code="""\
# %%
import time

import matplotlib.pyplot as plt
import numpy as np

rng = np.random.default_rng($seed)
# %%
noise = rng.standard_normal(($order, $order))
matrix = (noise + noise.T) / np.sqrt(2 * $order)
# %%
values = np.linalg.eigvalsh(matrix)
# %%
grid = np.linspace(-2, 2, 200)
plt.hist(values, bins=$lines + 20, density=True)
plt.plot(grid, np.sqrt(4 - grid**2) / (2 * np.pi))
plt.show()
# %%
print(values[[0, -1]].round(4))
# %%
gaps = np.diff(values)[$order // 4 : -$order // 4]
plt.hist(gaps / gaps.mean(), bins=30)
plt.xlabel("gap")
plt.show()
""",
)

HEAT = Subject(
    title="Heat in a rod of $order points",
    prose="A rod is hot in places, its ends are kept cold, and it forgets the details first. "
    "Here it is cut into $order points.",
    formula=r"\frac{\partial u}{\partial t} = \frac{\partial^2 u}{\partial x^2}, \quad u(0)=u(1)=0",
    code="""\
# %%
import time

import matplotlib.pyplot as plt
import numpy as np

rng = np.random.default_rng($seed)
# %%
rod = np.zeros($order)
rod[rng.integers(1, $order - 1, size=$lines)] = 1
# %%
history = [rod]
for _ in range($steps):
    now = history[-1].copy()
    now[1:-1] += 0.4 * (now[2:] - 2 * now[1:-1] + now[:-2])
    history.append(now)
# %%
for moment in (0, $lines, $steps // 4, $steps):
    plt.plot(history[moment], label=f"after {moment} steps")
plt.legend()
plt.show()
# %%
print(np.sum(history, axis=1)[:: $steps // 4].round(3))
# %%
plt.imshow(history, aspect="auto", cmap="magma", vmax=0.3)
plt.colorbar()
plt.show()
""",
)

FIT = Subject(
    title="Polynomials through $count noisy points",
    prose="A polynomial of high degree passes near every one of $count points, and says nothing "
    "about the next one.",
    formula=r"\hat\beta = \arg\min_\beta \lVert y - X\beta \rVert_2^2 = (X^\top X)^{-1} X^\top y",
    code="""\
# %%
import time

import matplotlib.pyplot as plt
import numpy as np
from numpy.polynomial import Chebyshev

rng = np.random.default_rng($seed)
# %%
x = np.sort(rng.uniform(-1, 1, $count))
y = np.sin($lines * x / 2) + 0.3 * rng.standard_normal($count)
# %%
fits = [Chebyshev.fit(x, y, degree) for degree in range(1, 30)]
# %%
plt.plot(x, y, ".")
for fit in fits[2::9]:
    plt.plot(*fit.linspace(300))
plt.show()
# %%
residuals = [np.mean((fit(x) - y) ** 2) for fit in fits]
print(np.round(residuals[::7], 4))
# %%
new = rng.uniform(x[0], x[-1], 500)
errors = [np.mean((fit(new) - np.sin($lines * new / 2)) ** 2) for fit in fits]
plt.semilogy(range(1, 30), errors, ".-")
plt.xlabel("degree")
plt.show()
""",
)

FIGURES = (WALKS, SINES, SPECTRUM, HEAT, FIT)
"""Subjects with NumPy and Matplotlib."""

TRAINING = Subject(
    title="A network of $lines hidden units learns a wave",
    prose="A network with one hidden layer of $lines units is shown $count points of a sine.",
    formula=r"f(x) = W_2 \tanh(W_1 x + b_1) + b_2",
    code="""\
# %%
import time

import torch
from torch import nn

torch.manual_seed($seed)
# %%
x = torch.linspace(-1, 1, $count).unsqueeze(1)
y = torch.sin($lines / 3 * x)
# %%
model = nn.Sequential(nn.Linear(1, $lines), nn.Tanh(), nn.Linear($lines, 1))
optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
# %%
losses = []
for _ in range(20):
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(model(x), y)
    loss.backward()
    optimizer.step()
    losses.append(loss.item())
# %%
print(f"loss {losses[0]:.3f}, then {losses[-1]:.3f}")
# %%
with torch.no_grad():
    print(f"largest error {(model(x) - y).abs().max():.3f}")
""",
    figures=0,
)
"""A small model and a few steps of an optimiser, with PyTorch and without Matplotlib."""


def samples(count: int, subjects: Sequence[Subject] = FIGURES) -> tuple[Sample, ...]:
    """The first `count` notebooks about the subjects."""
    source = random.Random(SEED)
    numbers = source.sample(range(10**6, 10**7), 3 * count)  # none twice: no page is another's
    return tuple(
        Sample(
            slug=f"notebook-{index + 1:02}",
            day=date(2026, 1, 1) + timedelta(days=index),
            subject=subjects[index % len(subjects)],
            parameters={
                "seed": numbers[3 * index],
                "steps": source.randrange(400, 800),
                "count": source.randrange(200, 400),
                "order": source.randrange(200, 400),
                "lines": source.randrange(8, 24),
            },
            base=numbers[3 * index + 1],
            known=numbers[3 * index + 2],
            late=numbers[3 * index + 2] + 1,
            word=source.choice(WORDS),
        )
        for index in range(count)
    )


def printed(sample: Sample, exponent: int) -> str:
    """The number that the notebook prints for an exponent."""
    return str(pow(sample.base, exponent, PRIME))


def title(sample: Sample) -> str:
    """The notebook's title."""
    return Template(sample.subject.title).substitute(sample.parameters)


def sentence(sample: Sample) -> str:
    """The sentence of the prose that holds the notebook's word."""
    return f"It is a {sample.word} example."


def notebook(sample: Sample, first: tuple[str, str]) -> str:
    """The notebook as nbformat 4.5; `first` is kind and text of its first cell."""
    prose = Template(sample.subject.prose).substitute(sample.parameters)
    code = code_cells(sample)
    cells = [
        first,
        ("markdown", f"{prose} {sentence(sample)}\n\n$$\n{sample.subject.formula}\n$$"),
        *(("code", text) for text in code[:2]),
        ("markdown", "## What is computed\n\nThe formula, *term by term*, in a few lines."),
        *(("code", text) for text in code[2:4]),
        ("markdown", "## What comes of it\n\n- A number that can be checked,\n- one more look."),
        *(("code", text) for text in code[4:]),
    ]
    document = {
        "cells": [_cell(kind, text, place) for place, (kind, text) in enumerate(cells, start=1)],
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(document, indent=1) + "\n"


def code_cells(sample: Sample) -> list[str]:
    """The six code cells, with the numbers that the last two print."""
    text = Template(sample.subject.code).substitute(sample.parameters)
    cells = [cell.strip("\n") for cell in text.split("# %%\n")[1:]]
    cells[4] += f'\nprint("known value", pow({sample.base}, {sample.known}, 2**61 - 1))'
    cells[5] += f'\nprint("late value", pow({sample.base}, {sample.late}, 2**61 - 1))'
    cells[5] += '\nprint("ran at", time.time_ns())'
    return cells


def _cell(kind: str, text: str, place: int) -> dict[str, object]:
    cell: dict[str, object] = {"cell_type": kind, "id": f"cell-{place}", "metadata": {}}
    if kind == "code":
        cell |= {"execution_count": None, "outputs": []}
    return cell | {"source": text}
