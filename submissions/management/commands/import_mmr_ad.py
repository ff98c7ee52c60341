"""`import_mmr_ad FOLDER`: a benchmark open for submissions, and a release of it, from MMR-AD's annotations."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from scoring.boxes import importer
from submissions import benchmarks, releases
from submissions.management import organizers


class Command(BaseCommand):
    help = (
        "Import MMR-AD's annotations as a release; prints its digest. The same folder again changes nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path)
        organizers.add_settings(parser, slug="mmr-ad")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["folder"]
        with organizers.explaining(path):
            content, templates, left_out = importer.read(path)
            loaded = benchmarks.load(content, templates=templates, **organizers.settings(options))
        release, (outcome, *changes) = loaded.release, loaded.lines
        self.stdout.write(release.digest)
        counts = {
            "images": content.size,
            "categories": len(content.category_names),
            "source datasets": len(content.definition.source_datasets),
        }
        said = ", ".join(f"{count} {name}" for name, count in counts.items())
        self.stderr.write(f"{options['slug']}: {said}; {outcome}")
        for change in changes:
            self.stderr.write(change)
        if left_out:
            reason = "reference.json does not name their images, so they are for training"
            self.stderr.write(f"published records left out: {left_out} ({reason})")
        if not content.sizes.all():
            said = "Some images’ sizes are not known, so answers in the frame pixels are rejected"
            self.stderr.write(f"{said}: {importer.IMAGES} can give them.")
        if not releases.has_templates(release, templates):
            self.stderr.write("This release has other templates than the folder, and keeps them.")
