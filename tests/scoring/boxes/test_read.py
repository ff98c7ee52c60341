import csv
import gzip
import io
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pytest

from scoring.answers.recognise import BOM
from scoring.boxes.evaluate import evaluate
from scoring.boxes.read import read
from scoring.boxes.release import BoxRelease
from scoring.boxes.sheet import BoxSheet
from scoring.errors import PredictionError
from tests.scoring.boxes.shapes import Image, as_json, record, release_of, reply

BOX = (10, 20, 30, 40)
IMAGES = [
    Image("a/nut/test/good/000.png"),
    Image("a/nut/test/bent/000.png", [BOX]),
    Image("b/tile/000.JPG", [BOX], size=(896, 672)),
]
BOXES: dict[str, list[Sequence[float]]] = {image.path: list(image.boxes) for image in IMAGES}
Records = Sequence[Mapping[str, Any]]


@pytest.fixture(scope="module")
def release() -> BoxRelease:
    return release_of(IMAGES)


def as_lines(records: Records) -> bytes:
    return "".join(json.dumps(each) + "\n" for each in records).encode()


def as_csv(records: Records) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, ["image", "reply"])
    writer.writeheader()
    writer.writerows(records)
    return text.getvalue().encode()


def replies() -> list[dict[str, Any]]:
    return [{"image": image, "reply": reply(boxes, "Because.\nSo.")} for image, boxes in BOXES.items()]


def fields() -> list[dict[str, Any]]:
    return [record(image, boxes, reasoning="Because.\nSo.", score=1) for image, boxes in BOXES.items()]


@pytest.mark.parametrize(
    "pack", [bytes, gzip.compress, lambda data: BOM + data], ids=["plain", "gzip", "mark"]
)
@pytest.mark.parametrize(
    ("made", "write", "name"),
    [
        (replies, as_json, "json"),
        (replies, as_lines, "jsonl"),
        (replies, as_csv, "csv"),
        (fields, as_json, "json"),
        (fields, as_lines, "jsonl"),
    ],
)
def test_equal_answers_are_read_alike_from_every_format(
    release: BoxRelease,
    pack: Callable[[bytes], bytes],
    made: Callable[[], Records],
    write: Callable[[Records], bytes],
    name: str,
) -> None:
    sheet = read(pack(write(made())), release)
    assert sheet.rules.tolist() == [1, 0, 0]
    assert sheet.starts.tolist() == [0, 0, 1, 2]
    assert sheet.boxes.tolist() == [list(BOX), list(BOX)]
    assert sheet.reasoning.tolist() == [len("Because.\nSo.")] * 3
    assert (sheet.readings, sheet.format) == ({"no": 1, "yes": 2}, f"boxes-{name}")


@pytest.mark.parametrize(
    "path", ["data/MMR/{}", "./{}", "C:\\images\\{}", "/mnt/{}"], ids=["folder", "dot", "drive", "root"]
)
def test_images_are_found_as_submitters_name_them(release: BoxRelease, path: str) -> None:
    records = [
        {**each, "image": path.format(each["image"]).replace("/", "\\" if "\\" in path else "/")}
        for each in fields()
    ]
    records[2]["image"] = records[2]["image"].replace("JPG", "jpg")
    assert read(as_json(records), release).rules.tolist() == [1, 0, 0]


@pytest.mark.parametrize(
    ("frame", "box"),
    [("short-edge-448", (10, 20, 30, 40)), ("pixels", (15, 30, 45, 60)), ("0-1000", (25, 50, 75, 100))],
)
def test_boxes_stand_in_the_canvas_whatever_their_frame(frame: str, box: Sequence[float]) -> None:
    release = release_of([Image("a/nut/1", size=(600, 800))])  # its canvas is 448 x 597.3
    data = as_json([record("a/nut/1", [box])])
    expected = {"short-edge-448": (10, 20, 30, 40), "pixels": (11.2, 22.4, 33.6, 44.8)}
    expected["0-1000"] = (11.2, 29.86666667, 33.6, 59.73333333)
    assert read(data, release, frame).boxes[0] == pytest.approx(expected[frame])


@pytest.mark.parametrize(
    ("frame", "inside"), [("short-edge-448", (448, 598)), ("pixels", (600, 800)), ("0-1000", (1000, 1000))]
)
def test_a_frame_ends_at_the_image_s_edge(frame: str, inside: tuple[float, float]) -> None:
    release = release_of([Image("a/nut/1", size=(600, 800))])
    width, height = inside
    for x, y, rule in (
        (width, height, "yes"),
        (width + 0.1, height, "outside-frame"),
        (1, height + 1, "outside-frame"),
    ):
        assert read(as_json([record("a/nut/1", [(0, 0, x, y)])]), release, frame).readings == {rule: 1}


@pytest.mark.parametrize("frame", ["pixel", "", "pixels"])
def test_a_frame_has_to_be_known(frame: str) -> None:
    release = release_of([Image("a/nut/1")])
    release.sizes[:] = 0
    code = "sizes-unknown" if frame == "pixels" else "unknown-frame"
    assert problems(as_json([record("a/nut/1", [])]), release, frame) == [(code, None, "frame")]


def problems(
    data: bytes, release: BoxRelease, frame: str = "short-edge-448"
) -> list[tuple[str, int | None, str | None]]:
    with pytest.raises(PredictionError) as caught:
        evaluate(data, release, frame=frame)
    return [(problem.code, problem.line, problem.field) for problem in caught.value.problems]


def test_a_record_of_a_list_is_named_by_its_place_and_its_image(release: BoxRelease) -> None:
    records = [*fields(), fields()[1]]
    del records[2]["anomalous"]
    with pytest.raises(PredictionError) as caught:
        evaluate(as_json(records), release)
    missing, twice = caught.value.problems
    assert (missing.params["record_number"], missing.params["record_name"]) == (3, "b/tile/000.JPG")
    assert (twice.params["record_number"], twice.params["first_record"]) == (4, 2)


GOOD = b'{"image": "a/nut/test/good/000.png", "anomalous": false}\n'


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (GOOD * 2, [("duplicate-question", 2, "image")]),
        (GOOD, [("too-few-records", None, None)]),
        (GOOD + b'{"image": "a/nut/9.png", "anomalous": false}', [("unknown-question", 2, "image")]),
        (GOOD + b'{"image": "a\\u0007", "anomalous": false}', [("control-character", 2, "image")]),
        (
            GOOD + b'{"anomalous": false}\n{"image": "x"}',
            [("missing-field", 2, "image"), ("missing-field", 3, "reply")],
        ),
        (b'{"image": 1, "reply": {}}', [("wrong-type", 1, "image"), ("wrong-type", 1, "reply")]),
        (b'{"image": "x", "anomalous": true, "reasoning": []}', [("wrong-type", 1, "reasoning")]),
        (b"[1]", [("not-an-object", 1, None)]),
        (GOOD + b'{"image"', [("truncated-json", 2, None)]),
        (GOOD + b'{"image"\n', [("malformed-json", 2, None)]),
        (
            b'{"image": "x", "image": "y", "reply": NaN}',
            [("not-json-number", 1, None), ("duplicate-key", 1, None)],
        ),
        (b"[" + GOOD.strip() + b",", [("truncated-json", 1, None)]),
        (b'{"image": "' + b"x" * 20_001 + b'", "reply": ""}', [("record-too-long", 1, "image")]),
        (b"image,answer\n", [("wrong-columns", 1, None)]),
        (b"image;reply\n", [("wrong-separator", 1, None)]),
        (b"a/nut/test/good/000.png,No\n", [("missing-header", 1, None)]),
        (b"image,reply\nx\n", [("wrong-number-of-fields", 2, None)]),
        (b"image,reply\nx", [("truncated-table", 2, None)]),
        (b"image,reply\nx,y,z", [("wrong-number-of-fields", 2, None)]),
        (b'image,reply\n"x', [("truncated-table", 2, None)]),
        (b'image,reply\n"x\n', [("malformed-csv", 2, None)]),
        (b"image,reply\n\0", [("control-character", 2, None)]),
        (b"image,reply\n\xff,", [("invalid-utf-8", 2, None)]),
        (b"image,reply\n" + b"x,\n" * 10_100, [("unknown-question", 2, "image")]),
        (b"", [("empty", None, None)]),
        (b"hello", [("unknown-format", None, None)]),
        (b"\x80\x04\x95", [("pickle", None, None)]),
        (gzip.compress(GOOD)[:-9], [("damaged-gzip", None, None)]),
        (gzip.compress(b"[" + b" " * 10_000_000), [("expands-too-far", None, None)]),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_what_is_wrong_with_a_file_is_told(
    release: BoxRelease, data: bytes, expected: list[tuple[str, int | None, str | None]]
) -> None:
    assert problems(data, release)[: len(expected)] == expected


def test_a_file_of_far_too_many_records_is_given_up(release: BoxRelease) -> None:
    found = problems(b'{"image": "x", "reply": ""}\n' * 11_000, release)
    assert found[-1][0] == "unknown-question"  # the first 10,000 are kept
    with pytest.raises(PredictionError) as caught:
        read(b'{"image": "x", "reply": ""}\n' * 11_000, release)
    assert caught.value.counts == {"unknown-question": 10_006, "too-many-records": 1}


def test_an_invalid_answer_is_no_problem_of_the_file(release: BoxRelease) -> None:
    records = [{"image": image, "reply": None} for image in BOXES]
    report = evaluate(as_json(records), release).report
    assert (report.score, report.present, report.coverage) == (0, 1, 0)
    assert report.invalid == {"no-answer-tag": 3}


@pytest.mark.parametrize("write", [as_json, as_lines, as_csv])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_a_file_cut_short_is_told_or_read_as_far_as_it_goes(
    release: BoxRelease, write: Callable[[Records], bytes], pack: Callable[[bytes], bytes]
) -> None:
    data = pack(write(replies()))
    whole = read(data, release).rules
    for end in range(0, len(data), 10):
        try:
            sheet = read(data[:end], release)
        except PredictionError:
            continue
        # The last record alone may have lost its end, which makes it invalid.
        differing = sheet.present & (sheet.rules != whole)
        assert differing.sum() <= 1
        assert not (sheet.valid & differing).any()


def test_a_sheet_comes_back_from_what_is_kept(release: BoxRelease) -> None:
    sheet = read(as_json(replies()), release)
    again = BoxSheet.decode(sheet.encode())
    for name in ("rules", "starts", "boxes", "reasoning"):
        assert np.array_equal(getattr(sheet, name), getattr(again, name))
    assert (again.readings, again.format, again.frame) == (sheet.readings, sheet.format, sheet.frame)
    with pytest.raises(ValueError, match="damaged"):
        BoxSheet.decode(sheet.encode()[:-5])


def test_a_sheet_of_another_reader_is_not_taken(release: BoxRelease, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = read(as_json(replies()), release).encode()
    monkeypatch.setattr("scoring.boxes.sheet.READER_VERSION", "boxes-0")
    with pytest.raises(ValueError, match="reader boxes-1"):
        BoxSheet.decode(kept)


@pytest.mark.parametrize("indent", [None, 1])
def test_one_object_in_place_of_a_list_is_told_as_such(release: BoxRelease, indent: int | None) -> None:
    bodies: list[dict[str, Any]] = [
        dict.fromkeys(BOXES, "No."),
        {"results": fields()},
        {path: {} for path in BOXES},
    ]
    for body in bodies:
        assert problems(json.dumps(body, indent=indent).encode(), release) == [("one-object", 1, None)]
    for each in [*replies(), *fields()]:
        single = release_of([image for image in IMAGES if image.path == each["image"]])
        assert read(json.dumps(each).encode(), single).present.all()
