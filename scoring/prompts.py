"""What a model is asked: a question with its images, in the words of its benchmark, as parts in their order."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

Part = dict[str, str]
_NAME = re.compile(r"\{(\w+)\}")
MOST_SHOTS = 64


class Templates(NamedTuple):
    """Paths of images of normal samples to show beside one image, the first ones first: drawn at random, or alike."""

    random: tuple[str, ...] = ()
    similar: tuple[str, ...] = ()


@dataclass(frozen=True)
class Wording:
    """A benchmark's words around a question; what stands in braces is filled in.

    `knowledge` and `templates` are said where there are any, the latter before its images. `question` comes last, with
    an `option` for each option. `knowledge_datasets` maps what a file of domain knowledge calls a source dataset to the
    name that it has here.
    """

    instruction: str = "Answer with the option's letter from the given choices directly.\n"
    knowledge: str = "Domain knowledge:\n{knowledge}\n"
    templates: str = "Images of normal samples to compare with ({count}):\n"
    image: str = "The image in question:\n"
    after_image: str = "\n"
    question: str = "Question: {text} \n{options}"
    option: str = "{letter}. {text}\n"
    knowledge_datasets: Mapping[str, str] = field(default_factory=dict)

    def ask(self, text: str, options: Mapping[str, str]) -> str:
        """The question with its options, by letter."""
        lines = "".join(
            _filled(self.option, letter=letter, text=option) for letter, option in options.items()
        )
        return _filled(self.question, text=text, options=lines)

    def prompt(self, question: str, *, image: str, templates: Sequence[str], knowledge: str) -> list[Part]:
        """All that a model is to be shown, in order, around a question that `ask` has worded; empty: left out."""
        return list(self._parts(question, image, templates, knowledge))

    def _parts(self, question: str, image: str, templates: Sequence[str], knowledge: str) -> Iterator[Part]:
        yield _text(self.instruction)
        if knowledge:
            yield _text(_filled(self.knowledge, knowledge=knowledge))
        if templates:
            yield _text(_filled(self.templates, count=str(len(templates))))
        yield from map(_image, templates)
        yield _text(self.image)
        yield _image(image)
        yield _text(self.after_image + question)


# Where answers are boxes. From 0 to 1000 they mean the same whatever size the model sees the image in.
BOXES = Wording(
    instruction=(
        "Look at the image closely. First think it over between <think> and </think>, then answer between <answer> "
        "and </answer>. Where the image shows no anomaly, answer: No. Where it does, answer: Yes. followed by a box "
        "for each anomaly, separated by commas, each written as {'bbox_2d': [x1, y1, x2, y2], 'label': 'what it is'}. "
        "(x1, y1) is the upper left and (x2, y2) the lower right corner; x counts from 0 at the left edge of the "
        "image to 1000 at the right one, y from 0 at the top to 1000 at the bottom. Two examples of an answer:\n"
        "<think>...</think><answer>No.</answer>\n"
        "<think>...</think><answer>Yes. {'bbox_2d': [120, 310, 245, 402], 'label': 'scratch'}</answer>\n"
    ),
    question="{text}\n",
)


def product_of(image: str) -> str | None:
    """The product that an image shows: the second part of its path, which neither the first nor the last one is."""
    parts = image.split("/")
    return parts[1] if len(parts) > 2 else None


def _text(text: str) -> Part:
    return {"type": "text", "text": text}


def _image(path: str) -> Part:
    return {"type": "image", "image": path}


def _filled(words: str, **values: str) -> str:
    """Each name in braces replaced, once: braces in what is filled in are text."""
    return _NAME.sub(lambda found: values.get(found.group(1), found.group()), words)
