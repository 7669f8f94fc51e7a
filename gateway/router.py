"""From a method and a path to what answers it: one dictionary look-up per segment, no patterns to try.

A path without ids is one look-up altogether. A trailing slash means nothing. A segment that is spelled out wins over
an id in the same place.
"""

from __future__ import annotations

from typing import Generic, TypeVar

from gateway.problems import Problem, not_found

T = TypeVar("T")


class _Node(Generic[T]):
    __slots__ = ("by_id", "by_name", "by_verb", "ids")

    def __init__(self) -> None:
        self.by_name: dict[str, _Node[T]] = {}
        self.by_id: _Node[T] | None = None
        self.by_verb: dict[str, T] = {}
        self.ids: tuple[str, ...] = ()


class Router(Generic[T]):
    """A tree of path segments; the leaves hold one target per method."""

    def __init__(self) -> None:
        self._root: _Node[T] = _Node()
        self._without_ids: dict[str, T] = {}  # by method and path in one

    def add(self, verb: str, path: str, target: T) -> None:
        """Put a target under a path such as ``/tokens/{token_id}/call``."""
        node, ids = self._root, []
        for segment in path.strip("/").split("/") if path.strip("/") else ():
            if segment.startswith("{"):
                ids.append(segment[1:-1])
                node.by_id = node.by_id or _Node()
                node = node.by_id
            else:
                node = node.by_name.setdefault(segment, _Node())
        assert verb not in node.by_verb, f"{verb} {path} is there twice"
        assert node.ids in ((), tuple(ids)), f"{path} names its ids differently from another row"
        node.ids = tuple(ids)
        node.by_verb[verb] = target
        if not path.strip("/"):
            self._without_ids[f"{verb} /"] = target
        elif not ids:
            whole = f"{verb} /{path.strip('/')}"
            self._without_ids[whole] = self._without_ids[f"{whole}/"] = target

    def find(self, verb: str, path: str) -> tuple[T, dict[str, str]]:
        """The target and the ids in the path; a ``Problem`` for an unknown path or another method's."""
        known = self._without_ids.get(f"{verb} {path}")
        if known is not None:
            return known, {}
        segments = path.split("/")
        if segments[-1] == "":
            segments.pop()
        node: _Node[T] | None = self._root
        values: list[str] = []
        for segment in segments[1:]:
            assert node is not None
            named = node.by_name.get(segment)
            if named is None:
                named = node.by_id
                values.append(segment)
            if named is None or not segment:
                raise not_found()
            node = named
        assert node is not None
        target = node.by_verb.get(verb)
        if target is None:
            if not node.by_verb:
                raise not_found()
            allowed = ", ".join(sorted({*node.by_verb, "HEAD"} if "GET" in node.by_verb else node.by_verb))
            raise Problem("method_not_allowed", f"Here are only {allowed}.", headers={"Allow": allowed})
        return target, dict(zip(node.ids, values, strict=True))
