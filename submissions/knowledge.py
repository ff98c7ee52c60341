"""Domain knowledge for prompts: a text for each product, from an organizer's file, public.

A text is of the product, and holds all that the file says of it: its normal looks and each of its kinds of defect, in
the file's order. So a prompt says the same whether its image is normal or has whichever defect, and gives nothing away.
"""

import hashlib
from typing import Any

import msgspec
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from scoring.definition import Definition
from scoring.errors import NO_TEXT
from submissions import audit
from submissions.models import Benchmark, Knowledge

LARGEST_FILE = 16 * 1024 * 1024
LONGEST_NAME = 100
LONGEST_TEXT = 100_000
Texts = dict[str, dict[str, str]]  # source dataset -> product -> text


class KnowledgeFileError(Exception):
    """The file cannot be loaded; the message says where and why."""


def read(data: bytes, rules: Definition) -> Texts:
    """The texts of a file {source dataset: {product: text}}, or with {kind: text} in place of a text.

    Kinds are joined by line breaks, as MMAD's authors do. Raises KnowledgeFileError.
    """
    if len(data) > LARGEST_FILE:
        raise KnowledgeFileError(_("The file is larger than {most} bytes.").format(most=LARGEST_FILE))
    try:
        body = msgspec.json.decode(data, type=dict[str, dict[str, str | dict[str, str]]])
    except msgspec.MsgspecError as error:
        raise KnowledgeFileError(str(error)) from error
    texts: Texts = {}
    for name, products in body.items():
        dataset = rules.wording.knowledge_datasets.get(name, name)
        if dataset not in rules.source_datasets:
            known = ", ".join([*rules.source_datasets, *rules.wording.knowledge_datasets])
            raise KnowledgeFileError(
                _("“{name}” is no source dataset of this benchmark. Known are: {known}.").format(
                    name=name, known=known
                )
            )
        for product, told in products.items():
            text = told if isinstance(told, str) else "\n".join(told.values())
            _check(f"{name}/{product}", product, text, rules)
            texts.setdefault(dataset, {})[product] = text
    if not any(texts.values()):
        raise KnowledgeFileError(_("The file has no text in it."))
    return texts


def _check(where: str, product: str, text: str, rules: Definition) -> None:
    faults: dict[str, Any] = {
        _("a name is 1 to {most} characters without control characters"): not 1
        <= len(product)
        <= LONGEST_NAME
        or NO_TEXT.search(product),
        # Knowledge of it would tell normal images from others.
        _("this is the folder of normal images, not a product"): product == rules.normal_component,
        _("a text is 1 to {longest} characters without control characters"): not text.strip()
        or len(text) > LONGEST_TEXT
        or NO_TEXT.search(text),
    }
    for sentence, is_so in faults.items():
        if is_so:
            reason = sentence.format(most=LONGEST_NAME, longest=LONGEST_TEXT)
            raise KnowledgeFileError(f"{where[:200]!r}: {reason}.")


def load(slug: str, texts: Texts) -> bool:
    """Let these texts take the place of those that the benchmark has; whether anything changed.

    Raises Benchmark.DoesNotExist.
    """
    sha256 = hashlib.sha256(msgspec.json.encode(texts, order="sorted")).hexdigest()
    with transaction.atomic():
        benchmark = Benchmark.objects.select_for_update(no_key=True).get(slug=slug)
        if Knowledge.objects.filter(benchmark=benchmark, sha256=sha256).exists():
            return False
        values = {"texts": texts, "sha256": sha256, "loaded_at": timezone.now()}
        Knowledge.objects.update_or_create(benchmark=benchmark, defaults=values)
        audit.record(audit.COMMAND, "knowledge-loaded", benchmark, sha256=sha256)
    return True
