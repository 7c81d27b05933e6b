"""Tell which XML files below a folder are not well-formed."""

from __future__ import annotations

import sys
from pathlib import Path
from xml.etree import ElementTree


def main(root: Path) -> int:
    """Print one line per broken file."""
    broken = 0
    for path in sorted(root.rglob("*.xml")):
        if ".local" in path.relative_to(root).parts:
            continue
        try:
            ElementTree.parse(path)
        except ElementTree.ParseError as error:
            print(f"{path.relative_to(root)}: {error}")
            broken += 1
    return 1 if broken else 0


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1])))
