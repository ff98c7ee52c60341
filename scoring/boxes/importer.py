"""Reading MMR-AD's published annotations into a release.

The folder has one folder a source dataset, and in it one a category, with up to three files:

    bbox_annos.json    [{"name": "bent-000.png", "resized_width": 448, "resized_height": 448,
                         "bboxes": [{"bbox_2d": [x1, y1, x2, y2], "label": "bent lead"}]}]
    reference.json     {"nut/test/bent/000.png": ["nut/train/good/012.png"]}: the test images, with normal ones
    text_annos.json    [{"name": "bent-000.png", "ref-name": "012.png", "text": "<think> ..."}]

Boxes stand in the canvas whose size the record gives; without one, the image with its short edge 448 pixels long. The
images are those of reference.json, all others are for training; where there is no such file, every name in the other
two is one. A name is the image's folder and file: `test/bent/000.png` is `bent-000.png`, whatever the extension and the
case. An image with boxes is anomalous; one without is normal when its path or name says good, normal or ok.

What the published files do not say, an organizer may add beside the source datasets' folders in `images.csv`, with the
columns image (source dataset, slash, path), width, height and anomalous; each but the first may be empty or left out.
Widths and heights are the images' own, in pixels: answers in the frame `pixels` take them all.
"""

import csv
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from scoring import definition
from scoring.answers.recognise import BOM
from scoring.boxes.geometry import canvas_of
from scoring.boxes.release import BoxRelease
from scoring.boxes.rows import (
    Boxes,
    ImageRow,
    Size,
    WrongBoxesError,
    check_within,
    is_number,
    read_boxes,
    release_of,
)
from scoring.definition import MOST, Definition
from scoring.errors import UNSHOWABLE, Problem, ProblemLog, ReleaseError
from scoring.prompts import MOST_SHOTS, Templates

BOXES, REFERENCES, TEXTS = "bbox_annos.json", "reference.json", "text_annos.json"
IMAGES = "images.csv"
LARGEST_FILE = 512 * 1024 * 1024
NORMAL = frozenset({"good", "normal", "ok"})
_LONGEST_PATH = 300
_NAME = re.compile(r"[^/\x00-\x1f\x7f]{1,100}")
_ROUNDING = 1.0  # of a canvas to whole pixels
_UNTOLD = (1e9, 1e9)  # a canvas whose size may stand in a record at fault: nothing further is said of it


class Imported(NamedTuple):
    """A release, the normal images to show beside each of its images, and how many published records it leaves out."""

    release: BoxRelease
    templates: dict[str, Templates]
    left_out: int


@dataclass(frozen=True, slots=True)
class _Annotated:
    """A record of bbox_annos.json."""

    name: str
    canvas: Size | None
    true: Boxes


@dataclass(frozen=True, slots=True)
class _Said:
    """A line of images.csv."""

    size: Size | None
    anomalous: bool | None


def read(folder: Path, base: Definition | None = None) -> Imported:
    """The release in a folder; its definition is `base`, else MMR-AD's own, with the folder's source datasets.

    Raises ReleaseError with all that is wrong, naming file and record. Boxes and labels are never quoted.
    """
    reader = _Reader(folder)
    images = list(reader.images())
    reader.problems.raise_as(ReleaseError)
    if not images:
        raise ReleaseError.single(Problem("annotations-missing", params={"wanted": f"…/…/{BOXES}"}))
    base = base or definition.load("mmr-ad")
    return Imported(_release(images, base), reader.templates, reader.left_out)


def _release(images: Sequence[ImageRow], base: Definition) -> BoxRelease:
    found = sorted({image.dataset for image in images})
    known = [name for name in base.source_datasets if name in found]
    datasets = (*known, *(name for name in found if name not in known))
    return release_of(Definition.from_dict(replace(base, source_datasets=datasets).to_dict()), images)


@dataclass
class _Reader:
    """Walks through the folder, collecting what is wrong."""

    folder: Path
    problems: ProblemLog = field(default_factory=ProblemLog)
    templates: dict[str, Templates] = field(default_factory=dict)
    left_out: int = 0

    def images(self) -> Iterator[ImageRow]:
        said = self._said()
        seen: set[str] = set()
        sources = _folders(self.folder)
        if len(sources) > MOST:
            self._refuse("annotations-malformed", reason=f"there are more than {MOST} source datasets")
        for source in sources:
            for category in _folders(source):
                if any((category / name).is_file() for name in (BOXES, REFERENCES, TEXTS)):
                    for image in self._category(source.name, category, said):
                        if image.path in seen:
                            self._note_record(
                                category / REFERENCES, image.path, "this image stands there twice"
                            )
                        seen.add(image.path)
                        yield image
        for unknown in said.keys() - seen:
            reason = "the annotations know no such image. A path begins with the source dataset's folder"
            self._note_record(self.folder / IMAGES, unknown, reason)

    def _note_record(self, file: Path, record: str, reason: str) -> None:
        name = file.relative_to(self.folder).as_posix()
        params = {"file": name, "record": record, "reason": reason}
        self.problems.add(Problem("wrong-annotation", params=params))

    def _refuse(self, code: str, line: int | None = None, **params: str | int) -> NoReturn:
        raise ReleaseError.single(Problem(code, line, params=params)) from None

    def _bytes(self, file: Path) -> str:
        name = file.relative_to(self.folder).as_posix()
        if file.stat().st_size > LARGEST_FILE:
            self._refuse("annotations-malformed", file=name, reason=f"larger than {LARGEST_FILE} bytes")
        data = file.read_bytes()
        try:
            return data.removeprefix(BOM).decode()
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            self._refuse("annotations-malformed", line, file=name, reason="this is not UTF-8")

    def _json(self, file: Path, kind: type) -> Any:
        """The file's content, empty where there is no file."""
        if not file.is_file():
            return kind()
        name = file.relative_to(self.folder).as_posix()
        try:
            body = json.loads(self._bytes(file), parse_constant=lambda _name: None)
        except RecursionError:
            self._refuse("annotations-malformed", file=name, reason="nested too deep")
        except json.JSONDecodeError as error:
            self._refuse("annotations-malformed", error.lineno, file=name, reason=error.msg)
        except ValueError:  # an integer of thousands of digits
            self._refuse("annotations-malformed", file=name, reason="a number has too many digits")
        if not isinstance(body, kind):
            wanted = "a list of records" if kind is list else "an object, image by image"
            self._refuse("annotations-malformed", file=name, reason=f"this is not {wanted}")
        return body

    def _said(self) -> dict[str, _Said]:
        file = self.folder / IMAGES
        if not file.is_file():
            return {}
        rows = csv.DictReader(self._bytes(file).splitlines(), strict=True)
        found: dict[str, _Said] = {}
        try:
            for row in rows:
                image = (row.get("image") or "").strip()
                size, anomalous = _size(row.get("width"), row.get("height")), _flag(row.get("anomalous"))
                if not image or image in found or None in row or size == () or anomalous == ():
                    reason = "an image's path once, whole numbers from 1 for width and height, true or false"
                    self._note_record(file, image or f"line {rows.line_num}", reason)
                else:
                    found[image] = _Said(size or None, None if anomalous is None else bool(anomalous))
        except csv.Error as error:
            self._refuse("annotations-malformed", rows.line_num, file=IMAGES, reason=str(error))
        return found

    def _category(self, dataset: str, folder: Path, said: Mapping[str, _Said]) -> Iterator[ImageRow]:
        for name in (dataset, folder.name):
            if not _NAME.fullmatch(name) or UNSHOWABLE.search(name):
                self._note_record(folder, name, "a folder's name has 1 to 100 characters that can be seen")
        annotated, at_fault = self._annotated(folder / BOXES)
        references = self._json(folder / REFERENCES, dict)
        if (folder / REFERENCES).is_file():
            paths = list(references)
        else:
            names = [each.name for each in annotated.values()]
            paths = list(dict.fromkeys([*names, *self._names(folder / TEXTS)]))
        found, used = [], set()
        for path in paths:
            if at_fault.intersection(_keys(path)):
                continue  # it is said of its record already
            key = next((each for each in _keys(path) if each in annotated), None)
            if key is not None and key in used:
                self._note_record(folder / BOXES, annotated[key].name, "the name means several test images")
            used.add(key)
            found.append((self._path(dataset, folder, path), path, annotated.get(key) if key else None))
        self.left_out += len(annotated.keys() - used)
        canvases = {its.canvas for _image, _path, its in found if its and its.canvas}
        usual = canvases.pop() if len(canvases) == 1 else _UNTOLD if at_fault else None
        for image, path, its in found:
            made = self._image(dataset, folder, image, path, its, said.get(image, _Said(None, None)), usual)
            if made is not None:
                self._keep_templates(dataset, folder, image, references.get(path) or [])
                yield made

    def _path(self, dataset: str, folder: Path, path: str) -> str:
        parts = [part for part in path.replace("\\", "/").split("/") if part not in ("", ".")]
        within = parts if len(parts) > 1 and parts[0] == folder.name else [folder.name, *parts]
        found = "/".join([dataset, *within])
        if not parts or len(found) > _LONGEST_PATH or UNSHOWABLE.search(found):
            reason = f"a path has 1 to {_LONGEST_PATH} characters that can be seen"
            self._note_record(folder / REFERENCES, found, reason)
        return found

    def _image(
        self,
        dataset: str,
        folder: Path,
        image: str,
        path: str,
        annotated: _Annotated | None,
        said: _Said,
        usual: Size | None,
    ) -> ImageRow | None:
        true = annotated.true if annotated else Boxes()
        has_boxes = bool(true.boxes)
        is_normal = bool(NORMAL & {part.casefold() for part in re.split(r"[/\\]", path)[:-1]}) or (
            re.split(r"[/\\]", path)[-1].rpartition("-")[0].casefold() in NORMAL
        )
        anomalous = said.anomalous
        if anomalous is None and (has_boxes or is_normal):
            anomalous = has_boxes
        if has_boxes and (is_normal or not anomalous):
            self._note_record(folder / BOXES, path, "the image is called normal, and boxes are given")
            return None
        if anomalous is None:
            reason = (
                "it is not said whether the image is anomalous: no box is given, and its path says neither good, "
                f"normal nor ok. Say so in {IMAGES}"
            )
            self._note_record(folder / (REFERENCES if annotated is None else BOXES), path, reason)
            return None
        canvas = (annotated and annotated.canvas) or (said.size and canvas_of(*_whole(said.size))) or usual
        if canvas is None:
            reason = (
                "the image's size is not known: no record of its category has resized_width and resized_height. Give "
                f"width and height in {IMAGES}"
            )
            self._note_record(folder / BOXES, path, reason)
            return None
        try:
            check_within(true, canvas, _ROUNDING)
        except WrongBoxesError as error:
            self._note_record(folder / BOXES, path, str(error))
            return None
        return ImageRow(image, dataset, folder.name, said.size, canvas, anomalous, true)

    def _annotated(self, file: Path) -> tuple[dict[str, _Annotated], set[str]]:
        """The records by their folded names, and those names whose records are at fault."""
        found: dict[str, _Annotated] = {}
        at_fault = set()
        for at, record in enumerate(self._json(file, list)):
            made = _annotation(record)
            name = record.get("name") if isinstance(record, dict) else None
            if isinstance(made, str):
                self._note_record(file, name if isinstance(name, str) and name else f"number {at + 1}", made)
                at_fault.add(_folded(name) if isinstance(name, str) else "")
            elif _folded(made.name) in found:
                self._note_record(file, made.name, "this name stands there twice")
            else:
                found[_folded(made.name)] = made
        return found, at_fault

    def _names(self, file: Path) -> Iterator[str]:
        for at, record in enumerate(self._json(file, list)):
            name = record.get("name") if isinstance(record, dict) else None
            if isinstance(name, str) and name:
                yield name
            else:
                self._note_record(file, f"number {at + 1}", "the name is missing")

    def _keep_templates(self, dataset: str, folder: Path, image: str, references: Any) -> None:
        names = [references] if isinstance(references, str) else references
        if not isinstance(names, list) or not all(isinstance(name, str) and name for name in names):
            self._note_record(folder / REFERENCES, image, "the normal images are no list of paths")
            return
        paths = [self._path(dataset, folder, name) for name in names[:MOST_SHOTS]]
        if paths:
            self.templates[image] = Templates(similar=tuple(paths))


def _annotation(record: Any) -> _Annotated | str:
    """A record of bbox_annos.json, or what is wrong with it."""
    if not isinstance(record, dict) or not isinstance(record.get("name"), str) or not record["name"]:
        return 'its name is missing, as in {"name": "bent-000.png", "bboxes": []}'
    width, height = record.get("resized_width"), record.get("resized_height")
    if (width is None) != (height is None) or not all(
        each is None or (is_number(each) and 1 <= each <= 1_000_000) for each in (width, height)
    ):
        return "resized_width and resized_height are not two numbers from 1"
    found = record.get("bboxes")
    if not isinstance(found, list):
        return "there is no list bboxes"
    try:
        true = read_boxes(found)
    except WrongBoxesError as error:
        return str(error)
    canvas = None if width is None or height is None else (float(width), float(height))
    return _Annotated(record["name"], canvas, true)


def _folders(folder: Path) -> list[Path]:
    return sorted(each for each in folder.iterdir() if each.is_dir() and not each.name.startswith("."))


def _folded(name: str) -> str:
    """A name without its extension and without regard to case."""
    stem, dot, extension = name.rpartition(".")
    return (stem if dot and extension.isalnum() else name).casefold()


def _keys(path: str) -> Iterator[str]:
    """The folded names that a path may have in the annotations."""
    *folders, file = re.split(r"[/\\]", path)
    if folders:
        yield _folded(f"{folders[-1]}-{file}")
    yield _folded(file)


def _size(width: str | None, height: str | None) -> Size | tuple[()] | None:
    """None where neither is given, nothing where they are not two whole numbers."""
    given = [(each or "").strip() for each in (width, height)]
    if not any(given):
        return None
    if not all(re.fullmatch(r"[1-9][0-9]{0,5}", each) for each in given):
        return ()
    return float(given[0]), float(given[1])


def _whole(size: Size) -> tuple[int, int]:
    return int(size[0]), int(size[1])


def _flag(text: str | None) -> bool | tuple[()] | None:
    known: dict[str, bool | None] = {"": None, "true": True, "false": False, "1": True, "0": False}
    return known.get((text or "").strip().casefold(), ())
