"""What mmad.yaml refers to."""

from string import ascii_uppercase
from typing import Any

PROMPT = "Answer with the option's letter from the given choices directly."


def doc_to_image(doc: dict[str, Any]) -> list[Any]:
    """The image, opened."""
    from PIL import Image

    return [Image.open(doc["image_path"]).convert("RGB")]


def doc_to_text(doc: dict[str, Any]) -> str:
    """The image's place, the question, a line an option, and how to answer."""
    options = (f"{letter}. {text}" for letter, text in zip(ascii_uppercase, doc["options"], strict=False))
    return "\n".join([f"<image>{doc['question']}", *options, PROMPT])


def doc_to_target(_doc: dict[str, Any]) -> str:
    """Nothing: the site knows the answers."""
    return ""


def process_results(_doc: dict[str, Any], results: list[str]) -> dict[str, float]:
    """Whether there is a reply at all. It is no score."""
    return {"replied": float(bool(results[0].strip()))}
