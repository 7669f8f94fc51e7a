"""Which program this is: the versions of what is installed."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import Final


def version_of(package: str) -> str:
    """The version of an installed package; a tree of sources that nobody installed has none."""
    try:
        return version(package)
    except PackageNotFoundError:
        return "0"


MATRON: Final = version_of("matron")
