"""CSV downloads that are written while they are sent."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from django.http import StreamingHttpResponse

LINES_A_CHUNK = 500


def answer(rows: Iterable[Sequence[object]], *, file_name: str) -> StreamingHttpResponse:
    """The rows, the header among them, as a file to be saved."""
    return StreamingHttpResponse(
        _chunks(rows),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{file_name}"'},
    )


def _chunks(rows: Iterable[Sequence[object]]) -> Iterator[str]:
    writer = csv.writer(_Echo())
    lines = (writer.writerow(row) for row in rows)
    while chunk := "".join(islice(lines, LINES_A_CHUNK)):
        yield chunk


class _Echo:
    """A file for csv.writer that hands each line back."""

    def write(self, line: str) -> str:
        return line
