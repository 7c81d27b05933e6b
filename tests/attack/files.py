"""Files that are small on the disk and large in memory, through the import's dialog."""

from __future__ import annotations

import base64
import io
import zipfile
from collections.abc import Callable
from typing import Any

from crash.workers import Failed, OdooServer

from .plan import Plan
from .stage import Person, Refused, Stage
from .target import Target
from .verdict import Result

#: MiB over the idle worker, and seconds of CPU, that one step of the dialog may cost
MEMORY = 150
CPU = 15.0
STEPS = ("action_read", "action_check")

_SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org"
_HEADER = '<row><c t="inlineStr"><is><t>Телефон</t></is></c></row>'.encode()


def import_files(stage: Stage, result: Result) -> None:
    world = stage.make_world()
    company = world["companies"][0]
    [list_id] = company["records"]["sms.gateway.list"]

    def log_in(server: OdooServer) -> Person:
        login = company["logins"]["manager"]
        return Person(server.url, stage.database.name, login, world["password"])

    def warm_up(server: OdooServer) -> None:
        Dialog(log_in(server), list_id, make_csv(10)).take_all()

    with Target(stage, warm_up) as target:
        for make in FILES:
            name, content = make(stage.plan)
            target.refresh()
            # What Odoo's own upload costs is not the dialog's.
            dialog = Dialog(log_in(target.server), list_id, content)
            meter = target.make_meter()
            costs = []
            for step in STEPS:
                with target.measure(meter) as cost:
                    dialog.take(step)
                costs.append(cost)
            cpu = max(cost.cpu for cost in costs)
            memory = max(cost.memory for cost in costs)
            result.find(
                f"{name}, {len(content) / 1024:.0f} KiB",
                f"{memory:.0f} MiB, {cpu:.1f} s CPU; {dialog.said[:60] or 'read'}",
                f"{MEMORY} MiB, {CPU:g} s CPU a step",
                memory <= MEMORY and cpu <= CPU,
            )


class Dialog:
    """The dialog of the import with a file in it."""

    def __init__(self, person: Person, list_id: int, content: bytes) -> None:
        self._person = person
        #: what Odoo said when it refused to go on
        self.said = ""
        self._ids: list[int] = []
        values: dict[str, Any] = {
            "list_id": list_id,
            "file": base64.b64encode(content).decode(),
            "file_name": "people",
        }
        self._call("create", [values])

    def take_all(self) -> None:
        """Take every step."""
        for step in STEPS:
            self.take(step)

    def take(self, step: str) -> None:
        """Take a step, unless Odoo refused to go on."""
        if not self.said:
            self._call(step, self._ids)

    def _call(self, method: str, argument: Any) -> None:
        try:
            answer = self._person.call("sms.gateway.import", method, argument)
            self._ids = self._ids or answer
        except Refused as refusal:
            self.said = " ".join(str(refusal).split()) or "refused"
        except Failed as failure:
            self.said = f"FAULT {failure}"


# === FILES ===
def make_csv(lines: int) -> bytes:
    rows = [f"+7916{number:07};Анна" for number in range(lines)]
    return "\n".join(["Телефон;Имя", *rows]).encode()


def _plain(_plan: Plan) -> tuple[str, bytes]:
    return "plain CSV, 20 000 lines", make_csv(20_000)


def _wide_line(plan: Plan) -> tuple[str, bytes]:
    return "CSV, one line of commas", b"phone\n" + b"," * min(plan.file_bytes, 19 << 20)


def _quotes(plan: Plan) -> tuple[str, bytes]:
    size = min(plan.file_bytes, 19 << 20)
    return "CSV, one cell of quotes", b'phone\n"' + b'""' * (size // 2)


def _marks(_plan: Plan) -> tuple[str, bytes]:
    heap = "а" + "\u0301\u0316" * 30_000
    return "CSV, combining marks", f"Телефон;Имя\n+79161234567;{heap}".encode()


def _workbook(sheet: bytes, strings: bytes = b"") -> bytes:
    """An XLSX with one sheet."""
    office = f"{_RELATIONS}/officeDocument/2006/relationships"
    package = f"{_RELATIONS}/package/2006"
    kinds = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    parts = {
        "[Content_Types].xml": (
            f'<Types xmlns="{package}/content-types">'
            '<Default Extension="xml" ContentType="application/xml"/>'
            '<Default Extension="rels" ContentType='
            '"application/vnd.openxmlformats-package.relationships+xml"/>'
            '<Override PartName="/xl/workbook.xml"'
            f' ContentType="{kinds}.sheet.main+xml"/>'
            "</Types>"
        ).encode(),
        "_rels/.rels": (
            f'<Relationships xmlns="{package}/relationships"><Relationship Id="r1"'
            f' Type="{office}/officeDocument" Target="xl/workbook.xml"/>'
            "</Relationships>"
        ).encode(),
        "xl/workbook.xml": (
            f'<workbook xmlns="{_SHEET}" xmlns:r="{office}"><sheets>'
            '<sheet name="S" sheetId="1" r:id="r1"/></sheets></workbook>'
        ).encode(),
        "xl/_rels/workbook.xml.rels": (
            f'<Relationships xmlns="{package}/relationships">'
            f'<Relationship Id="r1" Type="{office}/worksheet"'
            ' Target="worksheets/sheet1.xml"/>'
            f'<Relationship Id="r2" Type="{office}/sharedStrings"'
            ' Target="sharedStrings.xml"/></Relationships>'
        ).encode(),
        "xl/worksheets/sheet1.xml": sheet,
        "xl/sharedStrings.xml": strings or f'<sst xmlns="{_SHEET}"/>'.encode(),
    }
    return _zip(parts)


def _zip(parts: dict[str, bytes]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as file:
        for name, part in parts.items():
            file.writestr(name, part)
    return content.getvalue()


def _sheet(rows: bytes, doctype: bytes = b"") -> bytes:
    head = f'<worksheet xmlns="{_SHEET}"><sheetData>'.encode()
    return doctype + head + rows + b"</sheetData></worksheet>"


def _cells(plan: Plan) -> tuple[str, bytes]:
    row = b"<row><c><v>79161234567</v></c>" + b"<c><v>1</v></c>" * 63 + b"</row>"
    rows = _HEADER + row * (plan.file_bytes // len(row))
    return "XLSX, millions of cells", _workbook(_sheet(rows))


def _empty_cells(plan: Plan) -> tuple[str, bytes]:
    row = b"<row>" + b"<c/>" * 16_384 + b"</row>"
    rows = row * (plan.file_bytes // len(row))
    return "XLSX, millions of empty cells", _workbook(_sheet(rows))


def _far_cells(_plan: Plan) -> tuple[str, bytes]:
    rows = b"".join(
        b'<row r="%d"><c r="XFD%d"><v>1</v></c></row>' % (number, number)
        for number in range(1, 1_048_577, 200)
    )
    return "XLSX, cells far to the right and down", _workbook(_sheet(rows))


def _spaces(plan: Plan) -> tuple[str, bytes]:
    return "XLSX, unpacks to spaces", _workbook(_sheet(b" " * (16 * plan.file_bytes)))


def _strings(plan: Plan) -> tuple[str, bytes]:
    items = b"<si><t>a</t></si>" * (plan.file_bytes // 17)
    strings = f'<sst xmlns="{_SHEET}">'.encode() + items + b"</sst>"
    return "XLSX, millions of strings", _workbook(_sheet(b""), strings)


def _long_string(plan: Plan) -> tuple[str, bytes]:
    """One string that every cell points to."""
    text = b"<si><t>" + b"a" * 30_000 + b"</t></si>"
    strings = f'<sst xmlns="{_SHEET}">'.encode() + text + b"</sst>"
    row = b'<row><c><v>79161234567</v></c><c t="s"><v>0</v></c></row>'
    rows = _HEADER + row * (plan.file_bytes // len(row) // 8)
    return "XLSX, one long string everywhere", _workbook(_sheet(rows), strings)


def _laughs(_plan: Plan) -> tuple[str, bytes]:
    steps = "".join(
        f'<!ENTITY l{number} "{f"&l{number - 1};" * 10}">' for number in range(1, 10)
    )
    doctype = f'<!DOCTYPE w [<!ENTITY l0 "lol">{steps}]>'.encode()
    rows = b'<row><c t="inlineStr"><is><t>&l9;</t></is></c></row>'
    return "XLSX, entities of entities", _workbook(_sheet(rows, doctype))


def _deep(plan: Plan) -> tuple[str, bytes]:
    depth = plan.file_bytes // 8
    return "XLSX, nested elements", _workbook(_sheet(b"<a>" * depth + b"</a>" * depth))


def _repeated(_plan: Plan) -> tuple[str, bytes]:
    """An ODS whose few cells say that they are many."""
    names = (
        'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"'
        ' xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"'
        ' xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"'
    )
    cell = (
        '<table:table-cell office:value-type="string" table:number-columns-repeated='
        '"16384"><text:p>a</text:p></table:table-cell>'
    )
    content = (
        f"<office:document-content {names}><office:body><office:spreadsheet>"
        '<table:table table:name="S"><table:table-row table:number-rows-repeated='
        f'"1048576">{cell}</table:table-row></table:table></office:spreadsheet>'
        "</office:body></office:document-content>"
    )
    kind = b"application/vnd.oasis.opendocument.spreadsheet"
    return "ODS, repeated cells", _zip(
        {"mimetype": kind, "content.xml": content.encode()}
    )


def _spans(_plan: Plan) -> tuple[str, bytes]:
    cell = '<td colspan="1000000" rowspan="1000000">1</td>'
    rows = f"<tr>{cell * 100}</tr>" * 1000
    return "HTML, cells over many", f"<html><table>{rows}</table></html>".encode()


def _deep_html(plan: Plan) -> tuple[str, bytes]:
    depth = min(plan.file_bytes, 19 << 20) // 15
    return "HTML, nested tables", b"<html>" + b"<table><tr><td>" * depth


FILES: tuple[Callable[[Plan], tuple[str, bytes]], ...] = (
    *(_plain, _wide_line, _quotes, _marks),
    *(_cells, _empty_cells, _far_cells, _spaces, _strings, _long_string),
    *(_laughs, _deep, _repeated, _spans, _deep_html),
)
