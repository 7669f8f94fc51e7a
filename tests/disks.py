"""Disks that can be full and then not: small file systems of their own, or a limit on the size of a file."""

from __future__ import annotations

import resource
import shutil
import subprocess
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path

SIZE = 8 << 20


class Disk(ABC):
    """Somewhere to keep a log that can be full and then not."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @abstractmethod
    def fill(self) -> None: ...

    @abstractmethod
    def make_room(self) -> None: ...


class Mounted(Disk):
    def __init__(self, path: Path, *command: str) -> None:
        super().__init__(path / "mounted")
        self.path.mkdir()
        ran = subprocess.run([*command, str(self.path)], capture_output=True, check=False)
        if ran.returncode:
            raise OSError(ran.stderr.decode())

    def fill(self) -> None:
        with (self.path / "ballast").open("ab", buffering=0) as ballast:
            for size in (1 << 16, 1 << 9, 1):
                while True:
                    try:
                        ballast.write(bytes(size))
                    except OSError:
                        break

    def make_room(self) -> None:
        (self.path / "ballast").unlink()

    def unmount(self) -> None:
        subprocess.run(["umount", "--lazy", str(self.path)], check=True)  # noqa: S607


class Limited(Disk):
    def fill(self, but: int = 0) -> None:
        files = [path.stat().st_size for path in self.path.rglob("data.mdb")]
        resource.setrlimit(resource.RLIMIT_FSIZE, (max(files, default=0) + but, resource.RLIM_INFINITY))

    def make_room(self) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


def ext4(path: Path) -> Mounted:
    image = path / "image"
    with image.open("wb") as file:
        file.truncate(2 * SIZE)
    subprocess.run(["mkfs.ext4", "-q", "-m", "0", str(image)], check=True, capture_output=True)  # noqa: S607
    return Mounted(path, "mount", "-o", "loop", str(image))


def tmpfs(path: Path) -> Mounted:
    return Mounted(path, "mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs")


def mountable() -> Iterator[str]:
    for kind in (ext4, tmpfs):
        path = Path(tempfile.mkdtemp())
        try:
            kind(path).unmount()
        except (OSError, subprocess.SubprocessError):
            continue
        else:
            yield kind.__name__
        finally:
            shutil.rmtree(path, ignore_errors=True)
