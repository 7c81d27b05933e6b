"""A disk that gets full: a small file system for the tables that sending writes to."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from types import TracebackType

#: Enough for the tables of a scenario and their indexes.
SIZE = "48m"
_BLOCK = b"\0" * 4096


class SmallDisk:
    """A file system in memory, mounted while the block lasts.

    :param folder: a folder to mount it below
    :param owner: the user to whom it belongs, None for whoever runs the suite
    """

    def __init__(self, folder: Path, owner: str | None) -> None:
        self._mount = folder / "small"
        self._ballast = self._mount / "ballast"
        self._owner = owner
        #: for PostgreSQL's tablespace
        self.path = self._mount / "tables"

    def __enter__(self) -> SmallDisk:
        self._mount.mkdir()
        _run("mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(self._mount))
        self.path.mkdir()
        if self._owner:
            shutil.chown(self.path, self._owner)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        # PostgreSQL may hold a file of it a moment longer.
        _run("umount", "--lazy", str(self._mount))
        self._mount.rmdir()

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
