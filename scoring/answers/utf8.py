"""Where a file stops being UTF-8."""

_STEP = 1 << 20


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
