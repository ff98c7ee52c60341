"""Small releases of images with boxes, and answers to them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from scoring import definition
from scoring.boxes.geometry import canvas_of
from scoring.boxes.release import BoxRelease
from scoring.boxes.sheet import starts_of
from scoring.definition import Definition

Box = Sequence[float]


class Image(NamedTuple):
    """Its path begins with its source dataset and its category; without boxes it is normal, unless it says so."""

    path: str
    boxes: Sequence[Box] = ()
    anomalous: bool = False
    size: tuple[int, int] = (448, 448)


def rules(datasets: Sequence[str], present_minimum: float = 0.9) -> Definition:
    return replace(
        definition.load("mmr-ad"), source_datasets=tuple(datasets), present_minimum=present_minimum
    )


def release_of(images: Sequence[Image], present_minimum: float = 0.9) -> BoxRelease:
    datasets = sorted({image.path.split("/")[0] for image in images})
    boxes = [box for image in images for box in image.boxes]
    return BoxRelease(
        definition=rules(datasets, present_minimum),
        ids=[image.path for image in images],
        source_datasets=np.array(
            [datasets.index(image.path.split("/")[0]) for image in images], dtype=np.uint8
        ),
        categories=[image.path.split("/")[1] for image in images],
        sizes=np.array([image.size for image in images], dtype=np.float64),
        canvases=np.array([canvas_of(*image.size) for image in images]),
        anomalous=np.array([bool(image.boxes) or image.anomalous for image in images]),
        starts=starts_of(np.array([len(image.boxes) for image in images])),
        boxes=np.array(boxes, dtype=np.float64).reshape(-1, 4),
        labels=["flaw" for _ in boxes],
    )


def record(image: str, boxes: Sequence[Box], **fields: Any) -> dict[str, Any]:
    found = [{"bbox_2d": list(box), "label": "flaw"} for box in boxes]
    return {"image": image, "anomalous": bool(boxes), "boxes": found, **fields}


def reply(boxes: Sequence[Box], reasoning: str = "") -> str:
    """As Anomaly-R1 writes it."""
    found = ", ".join(repr({"bbox_2d": list(box), "label": "flaw"}) for box in boxes)
    think = f"<think> {reasoning} </think>" if reasoning else ""
    return f"{think}<answer>{f'Yes. {found}' if boxes else 'No.'}</answer>"


def as_json(records: Sequence[Mapping[str, Any]]) -> bytes:
    return json.dumps(records).encode()
