"""Every setting told from its struct: its type and bounds, its unit, its default, and what it is.

Knows the configuration's structs and their source, where each setting's docstring stands behind it; knows no values.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterator
from typing import Any, Final

import msgspec
from msgspec import inspect as types

from gateway.config import TABLES, Config, flag_of, variable_of

FLAGS: Final = ("data", "bind", "dev", "keys", "workers", "log_level", "request_log")
"""Settings that have a flag of ``matron serve``."""

UNITS: Final = {
    "seconds": "s", "timeout": "s", "minutes": "min", "hours": "h", "days": "d", "bytes": "bytes", "ms": "ms",
    "disk": "bytes", "map": "bytes", "piece": "bytes",
}  # fmt: skip
"""A setting's unit by the last word of its name."""


class Setting(msgspec.Struct, frozen=True):
    """One setting. ``name`` is dotted: a setting of the table ``limits`` is ``limits.json_depth``."""

    name: str
    kind: str
    unit: str
    default: Any
    doc: str
    variable: str
    flag: str | None

    @property
    def table(self) -> str:
        """The table it stands in; empty for those that stand in none."""
        return self.name.rpartition(".")[0]


def settings() -> list[Setting]:
    """All settings, those without a table first, in the order of their structs."""
    return [*_of(Config, ""), *(setting for table, struct in TABLES.items() for setting in _of(struct, f"{table}."))]


def about(struct: type[msgspec.Struct]) -> str:
    """What a table's docstring says of it, in one line."""
    return _plain(inspect.getdoc(struct) or "")


def _of(struct: type[msgspec.Struct], prefix: str) -> Iterator[Setting]:
    told = types.type_info(struct)
    assert isinstance(told, types.StructType)
    docs, plain = _docs(struct), struct()
    for field in told.fields:
        if field.name in TABLES and not prefix:
            continue
        name = prefix + field.name
        yield Setting(
            name=name,
            kind=_kind(field.type),
            unit=UNITS.get(field.name.rpartition("_")[2], ""),
            default=msgspec.to_builtins(getattr(plain, field.name)),
            doc=docs.get(field.name, ""),
            variable=variable_of(name),
            flag=flag_of(name) if name in FLAGS else None,
        )


def _docs(struct: type[msgspec.Struct]) -> dict[str, str]:
    """The docstring behind each field: Python keeps none of them, so they are read in the source."""
    (made,) = ast.parse(textwrap.dedent(inspect.getsource(struct))).body
    assert isinstance(made, ast.ClassDef)
    found: dict[str, str] = {}
    for field, behind in zip(made.body, made.body[1:], strict=False):
        match field, behind:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                found[name] = _plain(text)
            case _:
                pass
    return found


def _plain(text: str) -> str:
    return " ".join(text.replace("``", "`").split())


def _kind(told: types.Type) -> str:
    match told:
        case types.UnionType(types=members):
            return " or ".join(_kind(one) for one in members if not isinstance(one, types.NoneType))
        case types.IntType():
            return "whole number" + _bounds(told)
        case types.FloatType():
            return "number" + _bounds(told)
        case types.BoolType():
            return "true or false"
        case types.LiteralType(values=values):
            return "one of " + ", ".join(str(one) for one in values)
        case types.VarTupleType(item_type=item) | types.ListType(item_type=item):
            return f"list of {_kind(item)}"
        case types.DictType(key_type=key, value_type=value):
            return f"table of {_kind(key)} to {_kind(value)}"
        case types.StructType(fields=fields):
            return "{" + ", ".join(field.name for field in fields) + "}"
        case _:
            return "text"


def _bounds(told: types.IntType | types.FloatType) -> str:
    if told.ge is not None and told.le is not None:
        return f", {told.ge:_} to {told.le:_}".replace("_", ",")
    low = f" from {told.ge:,}" if told.ge is not None else f" above {told.gt:,}" if told.gt is not None else ""
    high = f" up to {told.le:,}" if told.le is not None else f" below {told.lt:,}" if told.lt is not None else ""
    return f",{low}{high}" if low or high else ""
