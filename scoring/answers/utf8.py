"""Where a file stops being UTF-8."""

_STEP = 1 << 20


def is_cut_off(error: UnicodeDecodeError) -> bool:
    """Whether nothing is wrong but that the last character is not all there."""
    return error.reason == "unexpected end of data"


def unended_line(data: bytes) -> int:
    """The last line's number, from 1, where no line break ends it; else 0. Lines end with \\n, \\r or both."""
    if data.endswith((b"\n", b"\r")):
        return 0
    return data.count(b"\n") + data.count(b"\r") - data.count(b"\r\n") + 1


def line_of_invalid_utf8(data: bytes) -> int:
    """The line, from 1, of the first byte that is no UTF-8; the last line when all of it is."""
    start = 0
    while start < len(data):
        # Up to three bytes of a character may lie beyond the step: they start the next one.
        piece = data[start : start + _STEP]
        try:
            piece.decode()
            start += len(piece)
        except UnicodeDecodeError as error:
            if error.start == 0 or start + len(piece) == len(data) or error.start < len(piece) - 3:
                return data.count(b"\n", 0, start + error.start) + 1
            start += error.start
    return data.count(b"\n") + 1
