"""A seeded stand-in for mmad.json, and answer files for it rebuilt from the published tables.

The structure is the real one: source datasets, classes, cell counts, at most five questions an image, 69
images without a detection question. The wording, the images and the answers are made up.
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random
from string import ascii_uppercase
from typing import Any

from scoring.benchmarks.mmad.tables import Count, Place, PublishedModel, cell_sizes
from scoring.lookup import native_text
from scoring.release import Release

SEED = 2410_09453
IMAGES = 8_366
UNREADABLE_REPLY = "I am unable to tell from this picture"

_OTHERWISE_WORDED = 25
_FOLDED_IMAGES = 4
_DETECTION = "anomaly-detection"
_NORMAL_TYPES = {
    "anomaly-detection": ("Anomaly Detection",),
    "object-classification": ("Object Classification",),
    "object-analysis": ("Object Structure", "Object Details", "Object Analysis"),
}
_ABNORMAL_TYPES = {
    "anomaly-detection": ("Anomaly Detection",),
    "defect-classification": ("Defect Classification",),
    "defect-localization": ("Defect Localization",),
    "defect-description": ("Defect Description",),
    "defect-analysis": ("Defect Analysis",),
}


@dataclass(frozen=True)
class _Source:
    """How a source dataset names its images."""

    classes: tuple[str, ...]
    folder: str
    defects: tuple[str, ...]
    extension: str


_SOURCES = {
    "DS-MVTec": _Source(
        (
            "bottle", "cable", "capsule", "carpet", "grid", "hazelnut", "leather", "metal_nut", "pill",
            "screw", "tile", "toothbrush", "transistor", "wood", "zipper",
        ),
        "image", ("mark", "gap", "bend"), "png",
    ),
    "MVTec-LOCO": _Source(
        ("breakfast_box", "juice_bottle", "pushpins", "screw_bag", "splicing_connectors"),
        "test", ("logical_anomalies", "structural_anomalies"), "png",
    ),
    "VisA": _Source(
        (
            "candle", "capsules", "cashew", "chewinggum", "fryum", "macaroni1", "macaroni2", "pcb1", "pcb2",
            "pcb3", "pcb4", "pipe_fryum",
        ),
        "test", ("bad",), "JPG",
    ),
    "GoodsAD": _Source(
        ("cigarette_box", "drink_bottle", "drink_can", "food_bottle", "food_box", "food_package"),
        "test", ("deformation", "opened", "surface_damage"), "jpg",
    ),
}  # fmt: skip

_STEMS = {
    "Anomaly Detection": (
        "Stand-in: does this picture of the {thing} show anything out of order?",
        "Stand-in: would you set this {thing} aside?",
    ),
    "Defect Classification": (
        "Stand-in: this {thing} was set aside. Which family does its flaw belong to?",
        "Stand-in: what would an inspector call the flaw of this {thing}?",
    ),
    "Defect Localization": (
        "Stand-in: this {thing} was set aside. Which part carries the flaw?",
        "Stand-in: where should one look for the flaw of this {thing}?",
    ),
    "Defect Description": (
        "Stand-in: this {thing} was set aside. Which words fit its flaw best?",
        "Stand-in: how does the flaw of this {thing} look from close by?",
    ),
    "Defect Analysis": (
        "Stand-in: this {thing} was set aside. What follows from its flaw?",
        "Stand-in: what may have led to the flaw of this {thing}?",
    ),
    "Object Classification": ("Stand-in: what does this picture show?", "Stand-in: name this product."),
    "Object Structure": ("Stand-in: how is this {thing} put together?", "Stand-in: how is it laid out?"),
    "Object Details": ("Stand-in: which detail can be made out?", "Stand-in: what is its surface like?"),
    "Object Analysis": ("Stand-in: what is this {thing} made for?", "Stand-in: who would use this {thing}?"),
}
_ADJECTIVES = (
    "amber", "brisk", "coarse", "dented", "even", "faint", "glossy", "hollow", "indigo", "jagged", "knotted",
    "lively", "mellow", "narrow", "oblique", "pale", "quilted", "rounded", "speckled", "tapered",
)  # fmt: skip
_NOUNS = (
    "arc on the rim", "band in the middle", "cluster near a corner", "disc by the seam", "edge in front",
    "fold under the label", "groove at the joint", "hinge at the back", "inlay at the centre",
    "joint below the cap", "knob on the ridge", "ledge at the base",
)  # fmt: skip


def mmad_json(seed: int = SEED) -> dict[str, Any]:
    """The stand-in in mmad.json's own shape: 39,672 questions on 8,366 images, the same for a seed."""
    random = Random(seed)  # noqa: S311 - a stand-in's answers are no secret
    images = [image for group in _groups() for image in _images_of(group, random)]
    otherwise = set(
        random.sample([path for path, types in images if _is_asked_detection(types)], _OTHERWISE_WORDED)
    )
    return {path: _record(path, types, path in otherwise, random) for path, types in images}


def _is_asked_detection(types: Sequence[str]) -> bool:
    return _NORMAL_TYPES[_DETECTION][0] in types


@dataclass(frozen=True)
class _Group:
    """The normal or the abnormal images of a source dataset; `undetected` have no detection question."""

    source_dataset: str
    truth_class: str
    size: int
    undetected: int


def _groups() -> list[_Group]:
    """The eight groups; the images without a detection question are spread over them by size."""
    sizes = {
        (place.source_dataset, place.truth_class): count
        for place, count in cell_sizes().items()
        if place.subtask == _DETECTION
    }
    detected = sum(sizes.values())
    left = IMAGES - detected
    groups = []
    for (source_dataset, truth_class), size in sizes.items():
        share = round(left * size / detected)
        groups.append(_Group(source_dataset, truth_class, size + share, share))
        left, detected = left - share, detected - size
    return groups


def _images_of(group: _Group, random: Random) -> list[tuple[str, list[str]]]:
    """The group's images in the order of their classes, each with the raw types of its questions."""
    types: list[list[str]] = [[] for _ in range(group.size)]
    detected = range(group.undetected, group.size)
    for raw_type, count in _type_counts(group):
        # Who has no detection question is asked everything else, so that no image is left without any.
        spare = [] if raw_type == "Anomaly Detection" else range(group.undetected)
        asked = {*spare, *random.sample(detected, count - len(spare))}
        for position in sorted(asked):
            types[position].append(raw_type)
    random.shuffle(types)
    return list(zip(_paths(group, random), types, strict=True))


def _type_counts(group: _Group) -> Iterator[tuple[str, int]]:
    """How many questions each raw type has: a subtask's are shared out evenly among its types."""
    table = _NORMAL_TYPES if group.truth_class == "normal" else _ABNORMAL_TYPES
    for subtask, raw_types in table.items():
        count = cell_sizes()[Place(group.source_dataset, subtask, group.truth_class)]
        for rank, raw_type in enumerate(raw_types):
            yield raw_type, (count + rank) // len(raw_types)


def _paths(group: _Group, random: Random) -> Iterator[str]:
    source = _SOURCES[group.source_dataset]
    shares = [len(range(at, group.size, len(source.classes))) for at in range(len(source.classes))]
    for name, share in zip(source.classes, shares, strict=True):
        for number in range(share):
            folder = f"{group.source_dataset}/{name}/{source.folder}"
            kind = "good" if group.truth_class == "normal" else random.choice(source.defects)
            if name == "pill" and kind == "good" and number < _FOLDED_IMAGES:
                # As in the real file, a few images bear the name of the folded dataset.
                folder = f"MVTec-AD/{name}/test"
            yield f"{folder}/{kind}/{number:03}.{source.extension}"


def _record(path: str, types: Sequence[str], is_otherwise: bool, random: Random) -> dict[str, Any]:
    source_dataset, name = path.split("/")[:2]
    template = f"{source_dataset}/{name}/train/good/{random.randrange(200):03}.png"
    return {
        "image_path": path,
        "mask_path": "" if "/good/" in path else f"masks/{path}",
        "similar_templates": [template],
        "random_templates": [template],
        "conversation": [_question(raw_type, name, is_otherwise, random) for raw_type in types],
    }


def _question(raw_type: str, name: str, is_otherwise: bool, random: Random) -> dict[str, Any]:
    if raw_type == "Anomaly Detection":
        options = ["Something is out of order.", "All as it should be."] if is_otherwise else ["Yes.", "No."]
        random.shuffle(options)
    else:
        count = random.choices((2, 3, 4, 5), weights=(1, 2, 95, 2))[0]
        adjectives = random.sample(_ADJECTIVES, count)
        options = [f"{word.capitalize()} {random.choice(_NOUNS)}." for word in adjectives]
    lettered = dict(zip(ascii_uppercase, options, strict=False))
    return {
        "Question": random.choice(_STEMS[raw_type]).format(thing=name.rstrip("1234").replace("_", " ")),
        "Options": lettered,
        "Answer": random.choice(list(lettered)),
        "type": raw_type,
    }


def rebuild(model: PublishedModel, release: Release, seed: int = SEED, *, native: bool = False) -> bytes:
    """An answer file with exactly the model's published counts in each cell, the same for a seed.

    Plain CSV, or the authors' own list with `native`. Which questions are right is drawn; a wrong answer
    is one of the other letters; where the table leaves questions out, the reply cannot be read.
    Raises ValueError when the release's cells are not those of the tables.
    """
    random = Random(f"{seed} {model.file}")  # noqa: S311 - nothing secret
    replies = _replies(model, release, random)
    return _native_list(release, replies) if native else _plain_csv(release, replies)


def _replies(model: PublishedModel, release: Release, random: Random) -> list[str]:
    cells: dict[Place, list[int]] = defaultdict(list)
    definition = release.definition
    for position in range(release.size):
        cells[
            Place(
                definition.source_datasets[release.source_datasets[position]],
                definition.subtask_slugs[release.subtasks[position]],
                "abnormal" if release.abnormal[position] else "normal",
            )
        ].append(position)
    if {place: len(positions) for place, positions in cells.items()} != cell_sizes():
        raise ValueError("The release's cells are not those of the published tables.")
    replies = [UNREADABLE_REPLY] * release.size
    for place, positions in cells.items():
        random.shuffle(positions)
        _answer_cell(replies, release, positions, model.counts[place], random)
    return replies


def _answer_cell(
    replies: list[str], release: Release, positions: Sequence[int], count: Count, random: Random
) -> None:
    for rank, position in enumerate(positions[: count.read]):
        right = int(release.truth[position])
        others = [letter for letter in range(len(release.options[position])) if letter != right]
        replies[position] = ascii_uppercase[right if rank < count.correct else random.choice(others)]


def _plain_csv(release: Release, replies: Sequence[str]) -> bytes:
    rows = "".join(f"{question},{reply}\n" for question, reply in zip(release.ids, replies, strict=True))
    return f"question_id,answer\n{rows}".encode()


def _native_list(release: Release, replies: Sequence[str]) -> bytes:
    """As the authors' scripts write it; `correct_answer`, which nobody reads, repeats the reply."""
    records = [
        {
            "image": release.images[position],
            "question": {
                "type": "text",
                "text": native_text(release.texts[position], release.options[position]),
            },
            "question_type": release.kinds[position],
            "correct_answer": reply,
            "gpt_answer": reply,
        }
        for position, reply in enumerate(replies)
    ]
    return json.dumps(records, indent=4).encode()
