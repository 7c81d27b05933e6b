"""What an uploaded file is, by its first bytes and its parts; names of files lie."""

from __future__ import annotations

import re
from typing import Literal

from .base import Detail, TableError
from .xml_parts import Archive

Format = Literal["xlsx", "ods", "xls", "xml2003", "html", "csv"]

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# the first record of XLS before it was wrapped into OLE
_BIFF = tuple(bytes([9, version]) for version in (0, 2, 4, 8))
_SPREADSHEET = b"application/vnd.oasis.opendocument.spreadsheet"
_REFUSED: dict[bytes, Detail] = {
    b"%PDF": "pdf",
    b"{\\rtf": "word",
    b"Rar!": "archive",
    b"7z\xbc\xaf": "archive",
    b"\x1f\x8b": "archive",
    b"\x89PNG": "picture",
    b"\xff\xd8\xff": "picture",
    b"GIF8": "picture",
    b"MIME-Version:": "page",
}
_PARTS: dict[str, Detail] = {
    "xl/workbook.bin": "xlsb",
    "word/document.xml": "word",
    "index/document.iwa": "numbers",
    "index.zip": "numbers",
}
#: Where the beginning of a file is looked at.
_HEAD = 4096


def recognise(content: bytes) -> Format:
    """Return what reads a file.

    :raise TableError: nothing does; ``not_supported`` if it is known what it is
    """
    for start, detail in _REFUSED.items():
        if content.startswith(start):
            raise TableError("not_supported", detail=detail)
    if content.startswith(b"PK\x03\x04"):
        return _recognise_archive(Archive(content))
    if content.startswith(_OLE):
        return _recognise_ole(content)
    if content.startswith(_BIFF) and b"\0" in content[:8]:
        return "xls"
    return _recognise_text(content)


def _recognise_archive(archive: Archive) -> Format:
    for part, detail in _PARTS.items():
        if part in archive:
            raise TableError("not_supported", detail=detail)
    if any(name.endswith("workbook.xml") for name in archive.names):
        return "xlsx"
    if "mimetype" not in archive or "content.xml" not in archive:
        raise TableError("not_supported", detail="archive")
    if not archive.read("mimetype").startswith(_SPREADSHEET):
        raise TableError("not_supported", detail="word")
    manifest = "META-INF/manifest.xml"
    if manifest in archive and b"encryption-data" in archive.read(manifest):
        raise TableError("not_supported", detail="password")
    return "ods"


def _recognise_ole(content: bytes) -> Format:
    if _encode("EncryptedPackage") in content:
        raise TableError("not_supported", detail="password")
    if _encode("Workbook") in content or _encode("Book") in content:
        return "xls"
    if _encode("WordDocument") in content:
        raise TableError("not_supported", detail="word")
    raise TableError("not_a_table")


def _encode(name: str) -> bytes:
    return name.encode("utf-16-le")


def _recognise_text(content: bytes) -> Format:
    head = content[:_HEAD].replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")
    if not head.startswith(b"<"):
        return "csv"
    if b"urn:schemas-microsoft-com:office:spreadsheet" in head and b"<html" not in head:
        return "xml2003"
    if b"office:document" in head:
        return "ods"
    if re.match(rb"<(!doctype\s+html|html|head|meta|body|table|style|!--)", head, re.I):
        return "html"
    return "csv"
