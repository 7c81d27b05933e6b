"""A disk that gets full: a small file system for the tables that sending writes to."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

#: Enough for the tables of a scenario and their indexes.
SIZE = "48m"
_BLOCK = b"\0" * 4096


@contextmanager
def mounted(folder: Path, owner: str | None) -> Iterator[SmallDisk]:
    """A block in which a file system in memory is mounted below a folder.

    :param owner: the user to whom it belongs, None for whoever runs the suite
    """
    mount = folder / "small"
    mount.mkdir()
    _run("mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(mount))
    try:
        disk = SmallDisk(mount)
        if owner:
            shutil.chown(disk.path, owner)
        yield disk
    finally:
        # PostgreSQL may hold a file of it a moment longer.
        _run("umount", "--lazy", str(mount))
        mount.rmdir()


class SmallDisk:
    """What a mounted file system has room for."""

    def __init__(self, mount: Path) -> None:
        self._ballast = mount / "ballast"
        #: for PostgreSQL's tablespace
        self.path = mount / "tables"
        self.path.mkdir()

    def fill(self) -> None:
        """Leave nothing free."""
        with self._ballast.open("ab", buffering=0) as ballast:
            try:
                while True:
                    ballast.write(_BLOCK)
            except OSError:
                return

    def give(self, size: int) -> None:
        """Let so many bytes become free."""
        left = max(self._ballast.stat().st_size - size, 0)
        os.truncate(self._ballast, left)


def is_possible() -> bool:
    """Whether this user may mount a file system."""
    return os.geteuid() == 0 and bool(shutil.which("mount"))


def _run(*command: str) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
