"""The lines of CSV as a Parquet file, written by DuckDB: columns, compressed, with types."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from engine.errors import Invalid
from replay.exporting.rows import COLUMNS, WIDE

_MEMORY: Final = "512MB"


def duckdb() -> Any:
    """The library; ``Invalid`` where it is not installed."""
    try:
        import duckdb
    except ImportError:
        raise Invalid(
            "Parquet is written with DuckDB, which is not installed: pip install 'matron[export]'", field="format"
        ) from None
    return duckdb


def write_parquet(lines: Path, target: Path) -> None:
    """Turn a file of CSV lines into one of Parquet; it never has to fit into memory."""
    types = ", ".join(f"'{name}': '{_type(name)}'" for name in COLUMNS)
    source = f"read_csv({_quoted(lines)}, header=true, auto_detect=false, delim=',', quote='\"', escape='\"', "
    source += f"new_line='\\r\\n', max_line_size=67108864, columns={{{types}}})"
    with duckdb().connect(":memory:") as base:
        base.execute(f"SET memory_limit='{_MEMORY}'; SET preserve_insertion_order=true; SET threads=1")
        base.execute(f"COPY (SELECT * FROM {source}) TO {_quoted(target)} (FORMAT parquet, COMPRESSION zstd)")  # noqa: S608


def _type(name: str) -> str:
    if name == "time":
        return "TIMESTAMPTZ"
    return "BIGINT" if name in WIDE else "VARCHAR"


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
