"""What several files of the console's tests share, for a server takes longer to start than most of them to run."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.serving import Server, serving


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One hospital for all that look only at what they themselves have put there."""
    with serving(tmp_path_factory.mktemp("served") / "data") as started:
        yield started
