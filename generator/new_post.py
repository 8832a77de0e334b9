"""The text of a post that is about to be written."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date

FIRST_PROSE = {
    "ko": "무엇을 왜 다루는지 한 문단으로 써요.",
    "en": "Say in a paragraph what this is about, and why.",
}


def new_post(
    title: str,
    category: str,
    tags: Sequence[str],
    today: date,
    language: str,
    notebook: bool,
) -> tuple[str, str]:
    """File name and text of a new post: a text notebook, or an `.ipynb` (nbformat 4.5)."""
    # JSON strings are YAML strings: a title with a colon or a quote needs no thought.
    front_matter = "\n".join(
        (
            f"title: {json.dumps(title, ensure_ascii=False)}",
            f"date: {today.isoformat()}",
            f"category: {json.dumps(category, ensure_ascii=False)}",
            f"tags: {json.dumps(list(tags), ensure_ascii=False)}",
            "draft: true",
        )
    )
    prose = FIRST_PROSE.get(language, FIRST_PROSE["en"])
    code = "sum(n**2 for n in range(10))"
    if not notebook:
        kernel = "kernelspec:\n  name: python3\n  display_name: Python 3"
        text = f"---\n{front_matter}\n{kernel}\n---\n\n{prose}\n\n```{{code-cell}}\n{code}\n```\n"
        return f"index.{language}.md", text
    cells: list[dict[str, object]] = [
        {"cell_type": "raw", "source": f"---\n{front_matter}\n---"},
        {"cell_type": "markdown", "source": prose},
        {"cell_type": "code", "source": code, "outputs": [], "execution_count": None},
    ]
    for number, cell in enumerate(cells, start=1):
        cell.update(id=f"cell-{number}", metadata={})
    document = {
        "cells": cells,
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return f"index.{language}.ipynb", json.dumps(document, ensure_ascii=False, indent=1) + "\n"
