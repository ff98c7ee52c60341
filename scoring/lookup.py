"""Finding a release's question from what an answer file says about it. Tables are built on first use."""

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from string import ascii_uppercase

_EXTENSION = re.compile(r"\.[A-Za-z0-9]+$")


@dataclass(frozen=True, eq=False)
class Lookup:
    """Tables over a release's question columns; a question is named by its position in them."""

    ids: Sequence[str]
    images: Sequence[str]
    kinds: Sequence[str]
    texts: Sequence[str]
    options: Sequence[tuple[str, ...]]
    raw_type_of: Mapping[str, str]

    @cached_property
    def by_id(self) -> dict[str, int]:
        return {question_id: position for position, question_id in enumerate(self.ids)}

    @cached_property
    def by_image(self) -> dict[str, list[int]]:
        questions: dict[str, list[int]] = defaultdict(list)
        for position, image in enumerate(self.images):
            questions[image].append(position)
        return dict(questions)

    @cached_property
    def native_texts(self) -> list[str]:
        """Each question as the authors' scripts write it, with unshuffled options."""
        pairs = zip(self.texts, self.options, strict=True)
        return [native_text(text, options) for text, options in pairs]

    @cached_property
    def by_native_text(self) -> dict[tuple[str, str, str], int]:
        """Questions by (image, type, native text); repeated ones are left out, they take a closer look."""
        keys = list(zip(self.images, self.kinds, self.native_texts, strict=True))
        counts = Counter(keys)
        return {key: position for position, key in enumerate(keys) if counts[key] == 1}

    @cached_property
    def image_of_path(self) -> dict[str, str]:
        """Images by their path with the extension in lower case; ambiguous ones are left out."""
        folded: dict[str, str] = {}
        ambiguous = set()
        for image in self.by_image:
            path = fold_extension(image)
            if path in folded:
                ambiguous.add(path)
            folded[path] = image
        for path in ambiguous:
            del folded[path]
        return folded

    @cached_property
    def by_stem(self) -> dict[tuple[str, str], list[int]]:
        """Questions by image and text, in which runs of white space are one space."""
        questions: dict[tuple[str, str], list[int]] = defaultdict(list)
        for position, (image, text) in enumerate(zip(self.images, self.texts, strict=True)):
            questions[image, fold_space(text)].append(position)
        return dict(questions)

    @cached_property
    def deepest(self) -> int:
        """The most parts that an image's path has."""
        return max((image.count("/") + 1 for image in self.by_image), default=0)

    def build(self) -> None:
        """Build every table now, for whoever would rather not wait later."""
        _ = self.by_id, self.image_of_path, self.deepest
        if self.texts:
            _ = self.by_native_text, self.by_stem

    def find_image(self, path: str) -> str | None:
        """The release's image that a submitter's path means.

        Any folders may stand in front, a back-slash separates like a slash, the extension may be in
        either case; all else must agree. The longest part of the path that names an image wins.
        """
        if path in self.by_image:
            return path
        parts = [part for part in path.replace("\\", "/").split("/") if part not in ("", ".")]
        for start in range(max(0, len(parts) - self.deepest), len(parts)):
            candidate = "/".join(parts[start:])
            if candidate in self.by_image:
                return candidate
            if (image := self.image_of_path.get(fold_extension(candidate))) is not None:
                return image
        return None


def native_text(text: str, options: Sequence[str]) -> str:
    """A question as the authors' scripts put it to a model."""
    lines = "".join(f"{letter}. {option}\n" for letter, option in zip(ascii_uppercase, options, strict=False))
    return f"Question: {text} \n{lines}"


def fold_space(text: str) -> str:
    return " ".join(text.split())


def fold_extension(path: str) -> str:
    return _EXTENSION.sub(lambda found: found.group().lower(), path)
