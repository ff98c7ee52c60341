"""Turn a benchmark's questions into what the harnesses read. It needs Python alone:

    curl https://SITE/api/v1/benchmarks/mmad/questions/?format=jsonl > questions.jsonl
    python prepare.py questions.jsonl --images /data/MMAD --into /data/mmad-harness

writes MMAD.tsv, for VLMEvalKit, and mmad.jsonl, for lmms-eval and lm-evaluation-harness. Both hold `question_id` and
the image's path as the benchmark has it (`image`), which names the cluster; `image_path` is where the file lies here.
"""

import argparse
import csv
import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

FIELDS = ("question_id", "image", "image_path", "question_type", "question", "options")


def records(lines: Iterable[str], images: Path) -> Iterator[dict[str, Any]]:
    """A record a question, its image looked for under the folder."""
    for line in lines:
        if not line.strip():
            continue
        asked = json.loads(line)
        yield {
            "question_id": asked["question_id"],
            "image": asked["image"],
            "image_path": str(images / asked["image"]),
            "question_type": asked["kind"],
            "question": asked["text"],
            "options": asked["options"],
        }


def write_tsv(asked: list[dict[str, Any]], path: Path) -> None:
    """As VLMEvalKit reads it: a column a letter, and a number of its own for each question."""
    letters = sorted({letter for record in asked for letter in record["options"]})
    columns = ["index", "question_id", "cluster", "image_path", "category", "question", *letters]
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, delimiter="\t", quoting=csv.QUOTE_ALL, lineterminator="\n")
        table.writerow(columns)
        for index, record in enumerate(asked):
            options: Mapping[str, str] = record["options"]
            table.writerow(
                [
                    index,
                    record["question_id"],
                    record["image"],
                    record["image_path"],
                    record["question_type"],
                    record["question"],
                    *(options.get(letter, "") for letter in letters),
                ]
            )


def write_jsonl(asked: list[dict[str, Any]], path: Path) -> None:
    """As `datasets` reads it: options as a list, in the order of their letters."""
    with path.open("w", encoding="utf-8") as file:
        for record in asked:
            options = [record["options"][letter] for letter in sorted(record["options"])]
            file.write(json.dumps({**record, "options": options}, ensure_ascii=False) + "\n")


def main() -> int:
    """Write both files; 1 when images are missing."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("questions", type=Path, help="questions.jsonl, from the benchmark’s page or the API")
    parser.add_argument(
        "--images", type=Path, required=True, help="the folder in which the images’ paths begin"
    )
    parser.add_argument("--into", type=Path, default=Path(), help="the folder to write to")
    given = parser.parse_args()
    with given.questions.open(encoding="utf-8") as lines:
        asked = list(records(lines, given.images.resolve()))
    given.into.mkdir(parents=True, exist_ok=True)
    write_tsv(asked, given.into / "MMAD.tsv")
    write_jsonl(asked, given.into / "mmad.jsonl")
    missing = sorted({record["image_path"] for record in asked if not Path(record["image_path"]).is_file()})
    print(f"{len(asked)} questions written to {given.into}")  # noqa: T201
    if missing:
        print(f"{len(missing)} images are not there, such as {missing[0]}", file=sys.stderr)  # noqa: T201
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
