"""Inkcell: a static blog generator whose posts are notebooks that really run."""

__version__ = "0.1.0"

HOMEPAGE = "https://github.com/inkcell/inkcell"
