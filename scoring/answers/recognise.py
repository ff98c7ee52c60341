"""What kind of file the first bytes announce. Names and extensions play no part."""

from scoring.answers.unpack import GZIP_MAGIC, DamagedGzipError, unpack_head
from scoring.errors import UnsupportedFileError

HEAD_SIZE = 64 * 1024
BOM = b"\xef\xbb\xbf"
_SPACE = b" \t\r\n"
_ZIP = b"PK\x03\x04"
_PARQUET = b"PAR1"
# With what the first part's name begins, in a workbook of any program: none of them begins with another part.
_WORKBOOK_PARTS = (b"[Content_Types].xml", b"_rels/", b"docProps/", b"xl/", b"customXml/")
_UTF16_OR_32 = (b"\xff\xfe", b"\xfe\xff", b"\0\0\xfe\xff")

# The first bytes of kinds that people send by mistake, and the code that names them.
_FOREIGN: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG", "image"),
    (b"\xff\xd8\xff", "image"),
    (b"GIF8", "image"),
    (b"BM", "image"),
    (b"II*\0", "image"),
    (b"MM\0*", "image"),
    (b"RIFF", "image"),
    (_ZIP, "archive"),
    (b"PK\x05\x06", "archive"),
    (b"BZh", "archive"),
    (b"\xfd7zXZ\0", "archive"),
    (b"7z\xbc\xaf\x27\x1c", "archive"),
    (b"\x28\xb5\x2f\xfd", "archive"),
    (b"Rar!", "archive"),
    (b"%PDF", "unknown-format"),
    (b"PARE", "unknown-format"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old-spreadsheet"),
    (b"\x93NUMPY", "unknown-format"),
)
_PICKLE_TEXT = (b"(lp", b"(dp", b"]q\0", b"}q\0", b"ccopy_reg", b"cnumpy")


def recognise(head: bytes) -> str:
    """The format of an answer file, from its first 64 KiB (or all of it): "csv", "jsonl", "json", "xlsx" or "parquet".

    Gzip is looked through. A JSON list may turn out native or plain; a text with a separator in its
    first line counts as CSV, whatever its columns; an archive that begins like a workbook counts as one. Raises
    UnsupportedFileError with one of the codes empty, pickle, image, utf-16, archive, nested-archive, damaged-gzip,
    old-spreadsheet, unknown-format.
    """
    if head.startswith(GZIP_MAGIC):
        head = _look_through(head)
    if not head.strip(_SPACE):
        raise UnsupportedFileError("empty")
    if head.startswith(_PARQUET) and _is_binary(head):
        return "parquet"
    if _begins_workbook(head):
        return "xlsx"
    _refuse_foreign(head)
    body = head.removeprefix(BOM).lstrip(_SPACE)
    if not body:
        raise UnsupportedFileError("empty")
    if body.startswith(b"["):
        return "json"
    if body.startswith(b"{"):
        return "jsonl"
    first_line = body.split(b"\n", 1)[0]
    if b"\0" not in first_line and any(separator in first_line for separator in b",;\t"):
        return "csv"
    raise UnsupportedFileError("unknown-format")


def _look_through(head: bytes) -> bytes:
    try:
        unpacked = unpack_head(head, HEAD_SIZE)
    except DamagedGzipError as error:
        raise UnsupportedFileError("damaged-gzip") from error
    is_packed = unpacked.startswith(_PARQUET) and _is_binary(unpacked)
    if unpacked.startswith(GZIP_MAGIC) or is_packed or _foreign_code(unpacked) == "archive":
        raise UnsupportedFileError("nested-archive")
    return unpacked


def _refuse_foreign(head: bytes) -> None:
    if head.startswith(_UTF16_OR_32) or _looks_like_utf16(head):
        raise UnsupportedFileError("utf-16")
    if (head[:1] == b"\x80" and head[1:2] in b"\x02\x03\x04\x05") or head.startswith(_PICKLE_TEXT):
        raise UnsupportedFileError("pickle")
    if code := _foreign_code(head):
        raise UnsupportedFileError(code)


def _foreign_code(head: bytes) -> str | None:
    binary = _is_binary(head)
    return next((code for magic, code in _FOREIGN if head.startswith(magic) and binary), None)


def _is_binary(head: bytes) -> bool:
    """ "BM", "RIFF" and "PAR1" could begin a text; binary files have a NUL nearby."""
    return b"\0" in head[:512] or not head[:4].isascii()


def _begins_workbook(head: bytes) -> bool:
    """Whether it is an archive whose first part is one that begins workbooks. Text documents begin so, too."""
    return head.startswith(_ZIP) and head[30:].startswith(_WORKBOOK_PARTS)


def _looks_like_utf16(head: bytes) -> bool:
    """ASCII text in UTF-16 without a mark has a NUL in every other byte."""
    sample = head[:512]
    pairs = len(sample) // 2
    return pairs >= 2 and (
        (sample[1::2].count(0) >= 0.9 * pairs and sample[0::2].count(0) == 0)
        or (sample[0::2].count(0) >= 0.9 * pairs and sample[1::2].count(0) == 0)
    )
