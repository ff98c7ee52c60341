"""What mmad.yaml refers to. lmms-eval leaves the document out of its samples: what is to be in them is returned."""

from string import ascii_uppercase
from typing import Any

PROMPT = "Answer with the option's letter from the given choices directly."


def doc_to_visual(doc: dict[str, Any]) -> list[Any]:
    """The image, opened."""
    from PIL import Image

    return [Image.open(doc["image_path"]).convert("RGB")]


def doc_to_text(doc: dict[str, Any], lmms_eval_specific_kwargs: dict[str, str] | None = None) -> str:
    """The question, a line an option, and how to answer."""
    words = lmms_eval_specific_kwargs or {}
    options = (f"{letter}. {text}" for letter, text in zip(ascii_uppercase, doc["options"], strict=False))
    lines = [words.get("pre_prompt", "") + doc["question"], *options, words.get("post_prompt", PROMPT)]
    return "\n".join(lines)


def doc_to_target(_doc: dict[str, Any]) -> str:
    """Nothing: the site knows the answers."""
    return ""


def process_results(doc: dict[str, Any], results: list[str]) -> dict[str, dict[str, Any]]:
    """What the samples say of a question: its id, its image, which names the cluster, and the options as shown."""
    about = {name: doc[name] for name in ("question_id", "image", "question_type", "question", "options")}
    return {"mmad": {**about, "replied": bool(results[0].strip())}}


def share_replied(results: list[dict[str, Any]]) -> float:
    """How many questions got a reply at all. It is no score."""
    return sum(bool(result["replied"]) for result in results) / len(results)
