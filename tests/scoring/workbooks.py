"""Workbooks written by hand, as archives of XML: what a library would write, and what none would."""

import io
import zipfile
from collections.abc import Callable, Mapping, Sequence
from string import ascii_uppercase
from xml.sax.saxutils import escape, quoteattr

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPES = (
    f'<Types xmlns="{PACKAGE}/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/></Types>'
)
HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'

Cell = str | int | float | bool | None
Rows = Sequence[Sequence[Cell]]


def workbook(
    sheets: Mapping[str, str], *, strings: str = "", states: Mapping[str, str] | None = None
) -> bytes:
    """An archive of sheets, each the XML of its `worksheet`; the parts come in the order of XlsxWriter."""
    names = list(sheets)
    states = states or {}
    listed = "".join(
        f'<sheet name={quoteattr(name)} sheetId="{at}" r:id="rId{at}"'
        + (f' state="{states[name]}"' if name in states else "")
        + "/>"
        for at, name in enumerate(names, 1)
    )
    relations = [("worksheet", f"worksheets/sheet{at}.xml") for at in range(1, len(names) + 1)]
    relations += [("sharedStrings", "sharedStrings.xml")] if strings else []
    parts = {f"xl/worksheets/sheet{at}.xml": sheets[name] for at, name in enumerate(names, 1)}
    parts["xl/workbook.xml"] = (
        f'{HEAD}<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>{listed}</sheets></workbook>'
    )
    if strings:
        parts["xl/sharedStrings.xml"] = strings
    parts["[Content_Types].xml"] = HEAD + _TYPES
    parts["_rels/.rels"] = _relations([("officeDocument", "xl/workbook.xml")])
    parts["xl/_rels/workbook.xml.rels"] = _relations(relations)
    return archive(parts)


def archive(parts: Mapping[str, str | bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in parts.items():
            made.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def with_part(data: bytes, name: str, content: bytes) -> bytes:
    """The workbook with this in the place of one of its parts, or beside them."""
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        parts: dict[str, str | bytes] = {at: book.read(at) for at in book.namelist()}
    return archive({**parts, name: content})


def _relations(pairs: Sequence[tuple[str, str]]) -> str:
    inner = "".join(
        f'<Relationship Id="rId{at}" Type="{OFFICE}/{kind}" Target="{to}"/>'
        for at, (kind, to) in enumerate(pairs, 1)
    )
    return f'{HEAD}<Relationships xmlns="{PACKAGE}/relationships">{inner}</Relationships>'


def shared(rows: Rows) -> bytes:
    """A workbook of one sheet as XlsxWriter writes it: texts in a table of their own."""
    texts = list(dict.fromkeys(cell for row in rows for cell in row if isinstance(cell, str)))
    places = {text: str(at) for at, text in enumerate(texts)}
    table = "".join(f'<si><t xml:space="preserve">{escape(text)}</t></si>' for text in texts)
    strings = f'{HEAD}<sst xmlns="{MAIN}" count="{len(texts)}" uniqueCount="{len(texts)}">{table}</sst>'

    def cell(place: str, value: Cell) -> str:
        if isinstance(value, str):
            return f'<c r="{place}" t="s"><v>{places[value]}</v></c>'
        return number(place, value)

    return workbook({"Sheet1": sheet(rows, cell)}, strings=strings)


def inline(rows: Rows) -> bytes:
    """The same with each text in its cell."""
    return workbook({"Sheet1": sheet(rows)})


def sheet(rows: Rows, cell: Callable[[str, Cell], str] | None = None, *, more: str = "") -> str:
    write = cell or in_place
    body = "".join(
        f'<row r="{at}">'
        + "".join(
            write(f"{letters_of(column)}{at}", value)
            for column, value in enumerate(row)
            if value not in (None, "")
        )
        + "</row>"
        for at, row in enumerate(rows, 1)
    )
    return of(body, more=more)


def of(body: str, *, more: str = "") -> str:
    """A sheet with this inside."""
    return f'{HEAD}<worksheet xmlns="{MAIN}"><sheetData>{body}</sheetData>{more}</worksheet>'


def in_place(place: str, value: Cell) -> str:
    if isinstance(value, str):
        return f'<c r="{place}" t="inlineStr"><is><t xml:space="preserve">{escape(value)}</t></is></c>'
    return number(place, value)


def letters_of(column: int) -> str:
    """The letters of a column, counted from 0."""
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = ascii_uppercase[rest] + letters
    return letters


def number(place: str, value: Cell) -> str:
    if isinstance(value, bool):
        return f'<c r="{place}" t="b"><v>{int(value)}</v></c>'
    return f'<c r="{place}"><v>{value}</v></c>'
