"""`load_knowledge SLUG FILE`: what a prompt may say of each product, from the authors' domain_knowledge.json."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from submissions import knowledge
from submissions.models import Benchmark


class Command(BaseCommand):
    help = (
        "Load domain knowledge for prompts: {source dataset: {product: text or {kind: text}}}. It takes the place of "
        "what was loaded before; the same again changes nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", help="the benchmark; it has to be there already")
        parser.add_argument("path", type=Path, help="the file, such as domain_knowledge.json")

    def handle(self, *args: Any, **options: Any) -> None:
        slug, path = options["slug"], options["path"]
        benchmark = Benchmark.objects.filter(slug=slug).first()
        if benchmark is None:
            raise CommandError(f"There is no benchmark “{slug}”. Import its questions first.")
        try:
            texts = knowledge.read(path.read_bytes(), benchmark.rules)
        except OSError as error:
            raise CommandError(f"{path} cannot be read: {error.strerror}") from error
        except knowledge.KnowledgeFileError as error:
            raise CommandError(f"{path} was not loaded; nothing was changed: {error}") from error
        changed = knowledge.load(slug, texts)
        products = sum(map(len, texts.values()))
        self.stdout.write(f"{slug}: {products} products{'' if changed else ', known as they are'}")
