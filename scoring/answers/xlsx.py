"""Workbooks as spreadsheets and harnesses write them: the rows of the one sheet that can be seen.

A workbook is read as a stream, part by part, and never as a grid: a cell far to the lower right, or one long text that
every cell shares, costs no more than its own bytes. What is packed is looked at before anything is unpacked, and
nothing is unpacked beyond the limits. Document types, and with them entities, are refused.

A cell is the text that it holds: a number as it is written in the file, True or False, an error's name. Dates are the
numbers that they are stored as. Hidden sheets and sheets without a cell are passed over, empty rows too; hidden rows
and columns are read. A formula in a column with a name, and merged cells, end in a problem: what they mean is the
spreadsheet program's to say. The line of a record is the number of its row.
"""

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain, islice, product
from pathlib import PurePosixPath
from string import ascii_uppercase
from typing import NoReturn
from xml.parsers import expat

from scoring.answers.json_records import WINDOW, Record
from scoring.answers.sheet import SheetWriter
from scoring.answers.tables import MOST_COLUMNS, check_header, check_rows
from scoring.answers.unpack import LARGEST_FILE, LARGEST_RATIO
from scoring.errors import PredictionError, Problem

LARGEST_UNPACKED = 4 * LARGEST_FILE
_MOST_PARTS = 1_000
_LONGEST_DIRECTORY = 256 * 1024
_STEP = 64 * 1024
_END = b"PK\x05\x06"
_END_SIZE = 22
_END_64 = b"PK\x06\x07"
_WORKBOOK = "xl/workbook.xml"
_CELL = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})")
# As spreadsheets write what XML would change, and the sign that begins such a place.
_ESCAPE = re.compile(r"_x(000[9AaDd]|005[Ff])_")
_LAST_ROW, _LAST_COLUMN = 1_048_576, 16_384
# A to Z, AA to ZZ, AAA to XFD, and which columns they are, from 0.
_NAMES = chain.from_iterable(product(ascii_uppercase, repeat=width) for width in (1, 2, 3))
_COLUMNS = {"".join(letters): at for at, letters in enumerate(islice(_NAMES, _LAST_COLUMN))}
_Start = Callable[[str, dict[str, str]], None]
# What zipfile raises at damaged archives (at an encrypted part a RuntimeError), and expat at encodings unknown to it.
_DAMAGED = (
    *(zipfile.BadZipFile, zlib.error, struct.error, NotImplementedError, RuntimeError, EOFError, OSError),
    *(ValueError, LookupError),
)


def records(data: bytes, writer: SheetWriter) -> Iterator[Record]:
    """The rows under the first one, which names the columns, as objects. Raises PredictionError where it cannot be."""
    try:
        yield from _Book(data).records(writer)
    except _DAMAGED as error:
        _fail("damaged-workbook", reason=str(error) or type(error).__name__)
    except expat.ExpatError as error:
        _fail("damaged-workbook", reason=expat.ErrorString(error.code) or "malformed")


def _fail(code: str, line: int | None = None, **params: str | int) -> NoReturn:
    raise PredictionError.single(Problem(code, line, params=params)) from None


@dataclass(slots=True)
class _Row:
    number: int
    cells: dict[int, str] = field(default_factory=dict)
    formulas: set[int] = field(default_factory=set)


class _Book:
    """The parts of a workbook, unpacked no further than the limits."""

    def __init__(self, data: bytes) -> None:
        _check_directory(data)
        self._archive = zipfile.ZipFile(io.BytesIO(data))
        members = self._archive.infolist()
        declared = sum(member.file_size for member in members)
        self._left = min(LARGEST_UNPACKED, LARGEST_RATIO * len(data))
        if len(members) > _MOST_PARTS or declared > self._left:
            self._fail_too_large()
        if any(member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for member in members):
            _fail("damaged-workbook", reason="compressed in another way than workbooks are")
        self._names = {member.filename: member for member in members}
        if len(self._names) < len(members):
            _fail("damaged-workbook", reason="two parts of one name")
        tops = self._relations("").values()
        self._path = next((path for kind, path in tops if kind == "officeDocument"), _WORKBOOK)
        if self._path not in self._names:
            _fail("no-sheet")
        self._parts = self._relations(self._path)

    def records(self, writer: SheetWriter) -> Iterator[Record]:
        path = self._visible_sheet()
        rows = _rows(self._pieces(path), self._strings())
        header = next(rows, None)
        if header is None:
            _fail("no-sheet")
        columns = _columns(header)
        check_header(list(columns.values()), header.number, writer.release)
        for number, row in enumerate(rows):
            check_rows(number, row.number, writer.release)
            yield _record(row, columns)

    def _visible_sheet(self) -> str:
        """The path of the one sheet that is shown and has a cell."""
        filled = [(name, path) for name, path in self._visible_sheets() if self._has_cell(path)]
        if not filled:
            _fail("no-sheet")
        if len(filled) > 1:
            _fail("several-sheets", sheets=", ".join(name for name, _path in filled))
        return filled[0][1]

    def _visible_sheets(self) -> list[tuple[str, str]]:
        """The names and paths of the tables that are shown; charts are no tables."""
        found: list[tuple[str, str]] = []

        def start(name: str, attributes: dict[str, str]) -> None:
            if _local(name) == "sheet" and attributes.get("state", "visible") == "visible":
                relation = next((value for key, value in attributes.items() if _local(key) == "id"), "")
                kind, path = self._parts.get(relation, ("", ""))
                if kind == "worksheet":
                    found.append((attributes.get("name", ""), path))

        self._parse(self._path, start)
        return found

    def _relations(self, path: str) -> dict[str, tuple[str, str]]:
        """What a part refers to: by the relation's id, its kind and the path of the other part."""
        part = PurePosixPath(path)
        name = f"{part.parent}/_rels/{part.name}.rels".removeprefix("./") if path else "_rels/.rels"
        found: dict[str, tuple[str, str]] = {}

        def start(element: str, attributes: dict[str, str]) -> None:
            if _local(element) == "Relationship":
                target = attributes.get("Target", "")
                base = "" if target.startswith("/") or not path else f"{part.parent}/"
                kind = attributes.get("Type", "").rsplit("/", 1)[-1]
                found[attributes.get("Id", "")] = (kind, base + target.lstrip("/"))

        if name in self._names:
            self._parse(name, start)
        return found

    def _strings(self) -> list[str]:
        """The texts that cells share."""
        path = next((to for kind, to in self._parts.values() if kind == "sharedStrings"), None)
        if path is None or path not in self._names:
            return []
        reader = _SharedStrings()
        for piece in self._pieces(path):
            reader.feed(piece)
        reader.close()
        return reader.strings

    def _has_cell(self, path: str) -> bool:
        left = self._left
        has_cell = next(_rows(self._pieces(path), None), None) is not None
        if has_cell:
            self._left = left  # what was unpacked to see it will be unpacked again
        return has_cell

    def _parse(self, path: str, start: _Start) -> None:
        parser = _parser(start)
        for piece in self._pieces(path):
            parser.Parse(piece, False)
        parser.Parse(b"", True)

    def _pieces(self, path: str) -> Iterator[bytes]:
        if path not in self._names:
            _fail("damaged-workbook", reason=f"{path} is missing")
        with self._archive.open(self._names[path]) as part:
            while piece := part.read(_STEP):
                self._left -= len(piece)
                if self._left < 0:
                    self._fail_too_large()
                yield piece

    def _fail_too_large(self) -> NoReturn:
        _fail("expands-too-far", largest=LARGEST_UNPACKED, ratio=LARGEST_RATIO)


def _check_directory(data: bytes) -> None:
    """The archive's directory is small enough to be read at all."""
    end = data.rfind(_END, max(0, len(data) - _END_SIZE - 0xFFFF))
    if end < 0 or end + _END_SIZE > len(data):
        _fail("damaged-workbook", reason="it was cut short")
    parts = int.from_bytes(data[end + 10 : end + 12], "little")
    size = int.from_bytes(data[end + 12 : end + 16], "little")
    if parts > _MOST_PARTS or size > _LONGEST_DIRECTORY or data[end - 20 : end - 16] == _END_64:
        _fail("damaged-workbook", reason="it has far more parts than a workbook")


def _columns(header: _Row) -> dict[int, str]:
    if len(header.cells) > MOST_COLUMNS:
        _fail("too-many-columns", header.number, found=len(header.cells), most=MOST_COLUMNS)
    return {column: name for column, name in sorted(header.cells.items()) if name.strip()}


def _record(row: _Row, columns: Mapping[int, str]) -> Record:
    flaws = tuple(
        Problem("formula", row.number, columns[column], {"column": columns[column]})
        for column in sorted(row.formulas)
        if column in columns
    )
    value = {name: row.cells.get(column) for column, name in columns.items()}
    return Record(row.number, value, flaws)


def _local(name: str) -> str:
    """An element's or attribute's name without the prefix of its namespace."""
    return name.rpartition(":")[2] if ":" in name else name


def _parser(start: _Start) -> expat.XMLParserType:
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.StartDoctypeDeclHandler = _refuse_doctype
    return parser


def _refuse_doctype(*_: object) -> NoReturn:
    _fail("damaged-workbook", reason="it declares a document type, which no spreadsheet program does")


class _Text:
    """Gathers the text of one cell."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._length = 0

    def add(self, text: str, line: int | None) -> None:
        self._length += len(text)
        if self._length > WINDOW:
            _fail("record-too-long", line)
        self._parts.append(text)

    def take(self) -> str:
        text = "".join(self._parts)
        self._parts.clear()
        self._length = 0
        return _ESCAPE.sub(lambda found: chr(int(found.group(1), 16)), text) if "_x00" in text else text


class _SharedStrings:
    """Reads the table of texts; how a word is pronounced is no part of its text."""

    def __init__(self) -> None:
        self.strings: list[str] = []
        self._text = _Text()
        self._is_open = False
        self._is_read = 0
        self._parser = _parser(self._start)
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._add

    def feed(self, piece: bytes) -> None:
        self._parser.Parse(piece, False)

    def close(self) -> None:
        self._parser.Parse(b"", True)

    def _start(self, name: str, _attributes: dict[str, str]) -> None:
        match _local(name):
            case "rPh":
                self._is_read -= 1
            case "t":
                self._is_open = self._is_read == 0

    def _end(self, name: str) -> None:
        match _local(name):
            case "rPh":
                self._is_read += 1
            case "t":
                self._is_open = False
            case "si":
                self.strings.append(self._text.take())

    def _add(self, text: str) -> None:
        if self._is_open:
            self._text.add(text, None)


def _rows(pieces: Iterator[bytes], strings: list[str] | None) -> Iterator[_Row]:
    """The rows of a sheet that have a cell; where `strings` is None, shared texts count and are not looked up."""
    reader = _SheetReader(strings)
    for piece in pieces:
        reader.parser.Parse(piece, False)
        yield from reader.take()
    reader.parser.Parse(b"", True)
    yield from reader.take()
    if reader.merged is not None:
        _fail("merged-cells", reader.merged)


class _SheetReader:
    """Gathers the rows of a sheet while it is parsed."""

    def __init__(self, strings: list[str] | None) -> None:
        self.parser = _parser(self._start)
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._add
        self.merged: int | None = None  # the first row of merged cells
        self._strings = strings
        self._done: list[_Row] = []
        self._row = _Row(0)
        self._column = -1
        self._kind = ""
        self._text = _Text()
        self._is_open = False

    def take(self) -> list[_Row]:
        """The rows that have ended since the last time."""
        done, self._done = self._done, []
        return done

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        match _local(name):
            case "c":
                self._begin_cell(attributes)
            case "v" | "t":
                self._is_open = True
            case "f":
                self._row.formulas.add(self._column)
            case "row":
                self._row = _Row(_number(attributes.get("r"), self._row.number + 1, _LAST_ROW))
                self._column = -1
            case "rPh":
                self._kind = "pronounced"
            case "mergeCell" if self.merged is None:
                self.merged = _row_of(attributes.get("ref", "").partition(":")[0])

    def _begin_cell(self, attributes: dict[str, str]) -> None:
        place = attributes.get("r")
        self._column = self._column + 1 if place is None else _column_of(place)
        if self._column >= _LAST_COLUMN:
            _fail("damaged-workbook", self._row.number, reason="a cell lies beyond the last column")
        self._kind = attributes.get("t", "n")

    def _end(self, name: str) -> None:
        match _local(name):
            case "v" | "t":
                self._is_open = False
            case "c":
                if text := self._value(self._text.take()):
                    self._row.cells[self._column] = text
            case "row":
                if self._row.cells or self._row.formulas:
                    self._done.append(self._row)

    def _value(self, text: str) -> str:
        if self._kind == "s":
            return self._shared(text)
        if self._kind == "b":
            return {"1": "True", "0": "False"}.get(text, text)
        return text

    def _shared(self, text: str) -> str:
        if self._strings is None:
            return text
        if not text.isascii() or not text.isdigit() or len(text) > 9 or int(text) >= len(self._strings):
            _fail("damaged-workbook", self._row.number, reason="a cell’s text is not there")
        return self._strings[int(text)]

    def _add(self, text: str) -> None:
        if self._is_open and self._kind != "pronounced":
            self._text.add(text, self._row.number)


def _number(text: str | None, otherwise: int, largest: int) -> int:
    if text is None:
        return otherwise
    if not re.fullmatch("[0-9]{1,7}", text) or not 1 <= int(text) <= largest:
        _fail("damaged-workbook", reason="a row lies beyond the last one")
    return int(text)


def _column_of(place: str) -> int:
    column = _COLUMNS.get(place.rstrip("0123456789"))
    if column is None:
        _fail("damaged-workbook", reason="a cell has no place")
    return column


def _row_of(place: str) -> int:
    found = _CELL.fullmatch(place)
    return int(found.group(2)) if found else 1
