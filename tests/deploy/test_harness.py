"""The harnesses' task files, called as the harnesses call them: what comes out is an answer file that scores."""

import csv
import importlib.util
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pandas as pd
import pytest
import yaml

from scoring.answers.read import read
from scoring.release import Release
from tests import material

HARNESS = Path(__file__).resolve().parents[2] / "deploy" / "harness"


def module(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"harness_{path.parent.name}_{path.stem}", path)
    assert spec
    assert spec.loader
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


class Loader(yaml.SafeLoader):
    """Reads `!function` as both harnesses do: a function of a module that lies beside the file."""


def task(folder: str) -> dict[str, Any]:
    path = HARNESS / folder / "mmad.yaml"

    def function(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> Any:
        name, _, its = str(loader.construct_scalar(node)).rpartition(".")
        return getattr(module(path.with_name(f"{name}.py")), its)

    Loader.add_constructor("!function", function)
    loaded: dict[str, Any] = yaml.load(path.read_text(), Loader)  # noqa: S506  # a safe loader with one tag more
    return loaded


@pytest.fixture(scope="module")
def release() -> Release:
    return material.content(images_a_class=1)


@pytest.fixture
def prepared(release: Release, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that prepare.py fills."""
    images = tmp_path / "images"
    for image in release.images:
        (images / image).parent.mkdir(parents=True, exist_ok=True)
        (images / image).touch()
    questions = tmp_path / "questions.jsonl"
    asked = [json.dumps(question) for question in release.public_questions()]
    questions.write_text("\n".join(asked) + "\n")
    arguments = ["prepare.py", str(questions), "--images", str(images), "--into", str(tmp_path)]
    monkeypatch.setattr(sys, "argv", arguments)
    assert module(HARNESS / "prepare.py").main() == 0
    (images / release.images[0]).unlink()
    assert module(HARNESS / "prepare.py").main() == 1
    return tmp_path


def docs(folder: Path) -> Iterator[dict[str, Any]]:
    for line in (folder / "mmad.jsonl").read_text().splitlines():
        yield json.loads(line)


def letters(release: Release) -> list[str]:
    return ["ABCD"[at % len(options)] for at, options in enumerate(release.options)]


def codes(release: Release) -> list[int]:
    return ["ABCD".index(letter) for letter in letters(release)]


def test_lmms_eval_s_samples_score(release: Release, prepared: Path) -> None:
    config = task("lmms_eval")
    assert config["dataset_kwargs"]["data_files"]["test"] == "mmad.jsonl"
    assert config["metric_list"][0]["metric"] == "mmad"
    samples, results = [], []
    for at, (doc, letter) in enumerate(zip(docs(prepared), letters(release), strict=True)):
        prompt = config["doc_to_text"](doc, config["lmms_eval_specific_kwargs"]["default"])
        assert f"\nA. {release.options[at][0]}\nB. " in prompt
        assert prompt == config["doc_to_text"](doc)
        found = config["process_results"](doc, [f"{letter}."])
        results.append(found["mmad"])
        target = config["doc_to_target"](doc)
        samples.append(
            {"doc_id": at, "target": target, "filtered_resps": [f"{letter}."], **found, "input": prompt}
        )
    sheet = read("".join(json.dumps(sample) + "\n" for sample in samples).encode(), release)
    assert (sheet.codes.tolist(), sheet.format) == (codes(release), "lmms-eval-jsonl")
    assert config["metric_list"][0]["aggregation"](results) == 1


def test_lm_eval_s_samples_score(release: Release, prepared: Path) -> None:
    config = task("lm_eval")
    samples = []
    for at, (doc, letter) in enumerate(zip(docs(prepared), letters(release), strict=True)):
        prompt = config["doc_to_text"](doc)
        assert prompt.startswith(f"<image>{release.texts[at]}\nA. {release.options[at][0]}\nB. ")
        found = config["process_results"](doc, [letter])
        assert list(found) == [config["metric_list"][0]["metric"]]
        arguments = {"gen_args_0": {"arg_0": prompt, "arg_1": config["generation_kwargs"]}}
        raw = {"resps": [[letter]], "filtered_resps": [letter], "filter": "none", "metrics": list(found)}
        samples.append({"doc_id": at, "doc": doc, "target": "", "arguments": arguments, **raw, **found})
    sheet = read("".join(json.dumps(sample) + "\n" for sample in samples).encode(), release)
    assert (sheet.codes.tolist(), sheet.format) == (codes(release), "lm-eval-jsonl")


@pytest.mark.parametrize("folder", ["lmms_eval", "lm_eval"])
def test_images_are_opened_from_their_place(
    release: Release, prepared: Path, folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []

    class Image:
        @staticmethod
        def open(path: str) -> "Image":
            opened.append(path)
            return Image()

        def convert(self, mode: str) -> tuple["Image", str]:
            return self, mode

    pil = ModuleType("PIL")
    vars(pil)["Image"] = Image
    monkeypatch.setitem(sys.modules, "PIL", pil)
    config = task(folder)
    doc = next(docs(prepared))
    [(_, mode)] = config["doc_to_visual" if folder == "lmms_eval" else "doc_to_image"](doc)
    assert mode == "RGB"
    assert opened == [str(prepared / "images" / release.images[0])]


@pytest.fixture
def vlmevalkit(prepared: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Our file, with as much of VLMEvalKit as it touches."""
    package, datasets, mcq = (
        ModuleType(name) for name in ("vlmeval", "vlmeval.dataset", "vlmeval.dataset.image_mcq")
    )
    vars(package)["dataset"] = datasets
    vars(datasets).update(DATASET_CLASSES=[], SUPPORTED_DATASETS=[])
    vars(mcq)["ImageMCQDataset"] = type("ImageMCQDataset", (), {})
    for made in (package, datasets, mcq):
        monkeypatch.setitem(sys.modules, made.__name__, made)
    monkeypatch.setenv("LMUData", str(prepared))
    ours = module(HARNESS / "vlmevalkit.py")
    ours.make_known()
    assert vars(datasets)["SUPPORTED_DATASETS"] == ["MMAD"]
    assert vars(datasets)["DATASET_CLASSES"] == [ours.MMAD]
    return ours


def test_vlmevalkit_s_table_scores(release: Release, vlmevalkit: ModuleType) -> None:
    table: pd.DataFrame = vlmevalkit.MMAD().load_data("MMAD")
    assert table["index"].tolist() == list(range(release.size))
    assert table["cluster"].tolist() == list(release.images)
    assert table["C"].isna().tolist() == [len(options) == 2 for options in release.options]
    table["prediction"] = letters(release)
    for data, named in (
        (table.to_csv(sep="\t", index=False, quoting=csv.QUOTE_ALL).encode(), "vlmevalkit-csv"),
        (json.dumps(table.to_dict("records"), indent=4).encode(), "vlmevalkit-json"),
    ):
        sheet = read(data, release)
        assert (sheet.codes.tolist(), sheet.format) == (codes(release), named)


def test_an_option_called_none_is_asked(prepared: Path, vlmevalkit: ModuleType) -> None:
    question = {
        "question_id": "a#0",
        "image": "a",
        "kind": "k",
        "text": "t",
        "options": {"A": "None", "B": "NA"},
    }
    prepare = module(HARNESS / "prepare.py")
    prepare.write_tsv(list(prepare.records([json.dumps(question), ""], Path("/x"))), prepared / "MMAD.tsv")
    table: pd.DataFrame = vlmevalkit.MMAD().load_data("MMAD")
    assert table[["A", "B"]].to_numpy().tolist() == [["None", "NA"]]
