"""Run VLMEvalKit on MMAD: in place of its `run.py`, from its own folder, with the same arguments.

    LMUData=/data/mmad-harness python /path/to/vlmevalkit.py --data MMAD --model Qwen2.5-VL-7B-Instruct --mode infer

It makes the dataset MMAD known, which reads `MMAD.tsv` (see prepare.py) from the folder LMUData, and hands over to
run.py. The table of predictions then holds `question_id` and `cluster`, and is sent as it is.
"""

import os
import runpy
from pathlib import Path
from typing import Any

import pandas as pd
import vlmeval.dataset
from vlmeval.dataset.image_mcq import ImageMCQDataset

FOLDER = "LMUData"  # as VLMEvalKit calls the variable


class MMAD(ImageMCQDataset):  # type: ignore[misc]  # VLMEvalKit comes without types
    """Multiple choice whose images lie in files. Without answers: the site scores."""

    DATASET_URL = {"MMAD": ""}
    DATASET_MD5 = {"MMAD": ""}

    def load_data(self, dataset: str) -> Any:
        """The table, in which the words None and NA are options like any other."""
        path = Path(os.environ[FOLDER]) / f"{dataset}.tsv"
        return pd.read_csv(
            path, sep="\t", keep_default_na=False, na_values={letter: [""] for letter in "ABCDE"}
        )


def make_known() -> None:
    """Put the dataset where VLMEvalKit looks for the class of a name."""
    vlmeval.dataset.DATASET_CLASSES.append(MMAD)
    for name in ("SUPPORTED_DATASETS", "IMAGE_DATASET"):
        known = getattr(vlmeval.dataset, name, None)
        if isinstance(known, list):
            known.append("MMAD" if name == "SUPPORTED_DATASETS" else MMAD)


if __name__ == "__main__":
    make_known()
    runpy.run_path("run.py", run_name="__main__")
