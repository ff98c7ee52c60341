"""A folder of images with boxes as a release.

Questions have the columns `image` and `category`, `source_dataset` as far as it is needed, and `width` and `height` of
the image in pixels or, in the frames that do without, `resized_width` and `resized_height`: those of the image with its
short edge 448 pixels long. The truth has `image`, `anomalous` and `boxes`: a list, in CSV as JSON, of [x1, y1, x2, y2]
or of objects with these as `bbox_2d` and perhaps a `label`. Boxes and labels are never quoted in what is raised.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from scoring.boxes.geometry import SHORT_EDGE, canvas_of, extents, scales
from scoring.boxes.release import BoxRelease
from scoring.boxes.rows import Boxes, ImageRow, Size, WrongBoxesError, check_within, read_boxes, release_of
from scoring.definition import Definition
from scoring.errors import Problem, ReleaseError
from scoring.folder.columns import WORDS, Columns, Truth, text_of
from scoring.folder.tables import Row, Table

SIZE = ("width", "height")
RESIZED = ("resized_width", "resized_height")
KNOWN = {"image", "category", "source_dataset", *SIZE, *RESIZED, "anomalous", "boxes"}
_WHOLE = re.compile(r"[1-9][0-9]{0,5}(?:\.0+)?")  # a column with empty cells is one of fractions in Parquet


def read(definition: Definition, questions: Table, truth: Table, *, frame: str) -> BoxRelease:
    """The release; `frame` is that of the true boxes. Raises ReleaseError with what is wrong, naming file and line."""
    return _Images(definition, questions, truth, "image").read(frame)


class _Images(Columns):
    """Collects images, and what is wrong with them."""

    def read(self, frame: str) -> BoxRelease:
        self._check_columns(frame)
        truth = self.truth_by_key()
        placed = list(self._placed(frame))
        self.problems.raise_as(ReleaseError)
        rows = [self._with_truth(line, row, truth, frame) for line, row in placed]
        self.check_left(truth)
        self.problems.raise_as(ReleaseError)
        if not any(row.true.boxes for row in rows):
            raise ReleaseError.single(Problem("no-true-box", params={"file": self.truth.file}))
        return release_of(self.definition, rows)

    def _check_columns(self, frame: str) -> None:
        needed = [(self.questions, "category"), (self.truth, "anomalous"), (self.truth, "boxes")]
        if frame == "pixels":
            needed += [(self.questions, column) for column in SIZE]
        self.need(needed)
        for table in (self.questions, self.truth):
            if "cluster" in table.columns:
                raise ReleaseError.single(Problem("column-cluster", 1, "cluster", {"file": table.file}))

    def _placed(self, frame: str) -> Iterator[tuple[int, ImageRow]]:
        """The images that can be read, without their truth."""
        lines: dict[str, int] = {}
        for line, row in self.questions.rows:
            before = self.problems.total
            texts = self.texts(line, row, ("image", "category", "source_dataset"), ("image", "category"))
            self.check_once(line, texts["image"], lines)
            dataset = self.dataset_of(line, texts)
            size, resized = self._size(line, row, SIZE), self._size(line, row, RESIZED)
            if resized and min(resized) != SHORT_EDGE:
                self.note("size-not-resized", line, found=int(min(resized)), wanted=SHORT_EDGE)
            if self.problems.total > before or dataset is None:
                continue
            canvas = canvas_of(int(size[0]), int(size[1])) if size else resized
            if canvas is None or (size is None and frame == "pixels"):
                code = "size-missing" if frame == "pixels" else "canvas-missing"
                self.note(code, line, question_id=texts["image"], frame=frame)
            else:
                yield line, ImageRow(texts["image"], dataset, texts["category"], size, canvas, False)

    def _size(self, line: int, row: Row, columns: Sequence[str]) -> Size | None:
        """Width and height, or None where they are not given or wrong."""
        texts = [text_of(row.get(column)) for column in columns]
        if not any(texts):
            return None
        wrong = [column for column, text in zip(columns, texts, strict=True) if not _WHOLE.fullmatch(text)]
        for column in wrong:
            self.note("cell-no-size", line, column=column)
        return None if wrong else (float(texts[0]), float(texts[1]))

    def _with_truth(self, line: int, row: ImageRow, truth: Truth, frame: str) -> ImageRow:
        found = self.take(truth, row.path, line)
        if found is None:
            return row
        its_line, its = found
        said = text_of(its.get("anomalous")).lower()
        if said not in WORDS:
            self.note("truth-anomalous", its_line, self.truth, question_id=row.path)
            return row
        try:
            true = _true_boxes(its, row, frame)
            if true.boxes and not WORDS[said]:
                raise WrongBoxesError("the image is not anomalous, and boxes are given")
        except WrongBoxesError as error:
            self.note("truth-boxes", its_line, self.truth, question_id=row.path, reason=str(error))
            return row
        return row._replace(anomalous=WORDS[said], true=true)


def _true_boxes(truth: Mapping[str, Any], row: ImageRow, frame: str) -> Boxes:
    """The image's boxes in its canvas. Raises WrongBoxesError."""
    found = truth.get("boxes")
    if isinstance(found, str):
        found = _parsed(found)
    if found is None:
        return Boxes()
    if not isinstance(found, list):
        raise WrongBoxesError("this is no list of boxes")
    boxes = read_boxes(found)
    sizes, canvases = np.array([row.size or (0, 0)]), np.array([row.canvas])
    width, height = extents(frame, sizes, canvases)[0].tolist()
    check_within(boxes, (width, height))
    x, y = scales(frame, sizes, canvases)[0].tolist()
    return boxes._replace(boxes=[(x * x1, y * y1, x * x2, y * y2) for x1, y1, x2, y2 in boxes.boxes])


def _parsed(text: str) -> Any:
    """What JSON says, None where it says nothing. Raises WrongBoxesError."""
    if not text.strip():
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise WrongBoxesError("this is not JSON") from None
