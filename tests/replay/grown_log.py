"""A log that grows as a test likes, and what its owner would ask a witness; no engine, no test stands here."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256

from engine.eventlog.checkpoint import Head, LocalSigner, Note, Signer, signed
from engine.eventlog.tree import Tree, consistency_proof, root_at

OWNER = LocalSigner(bytes(range(32)))


class GrownLog:
    """A log of numbered entries; from ``fork`` on they are others than those of every other log."""

    def __init__(self, origin: str, signer: Signer = OWNER, *, fork: int = 10**9) -> None:
        self.origin = origin
        self.signer = signer
        self._fork = fork

    async def hashes(self, level: int, first: int, count: int) -> list[bytes]:
        """As a store has them."""
        if not level:
            return [self._leaf(number) for number in range(first, first + count)]
        wide = 256**level
        made = []
        for index in range(first, first + count):
            tree = Tree()
            tree.extend(self._leaf(number) for number in range(index * wide, (index + 1) * wide))
            made.append(tree.root())
        return made

    def _leaf(self, number: int) -> bytes:
        text = f"{self.origin} {number}" if number >= self._fork else f"{number}"
        return sha256(b"\x00" + text.encode()).digest()

    async def checkpoint(self, size: int) -> Note:
        """Signed by the owner."""
        return await signed(Head(self.origin, size, await root_at(size, self.hashes)), self.signer)

    async def proof(self, old: int, size: int) -> list[bytes]:
        """That it grew from one size to the other."""
        return await consistency_proof(old, size, self.hashes)

    async def question(self, old: int, size: int) -> bytes:
        """What its owner asks a witness."""
        return asked(old, await self.proof(old, size) if 0 < old <= size else [], await self.checkpoint(size))


def asked(old: int, proof: list[bytes], note: Note) -> bytes:
    """A question as the protocol has it."""
    lines = "".join(f"{b64encode(part).decode()}\n" for part in proof)
    return f"old {old}\n{lines}\n".encode() + note.bytes()
