"""What a benchmark says of itself. Only the benchmark that a definition describes speaks in the definition's words."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from submissions import contents
from submissions.models import Benchmark
from submissions.ui import format as written


def summary(benchmark: Benchmark) -> str:
    """The organizer's own words, else the definition's for its own benchmark, else whose rules score it."""
    if benchmark.summary:
        return benchmark.summary
    rules = benchmark.rules
    if benchmark.is_original:
        return rules.summary
    if benchmark.is_standin:
        return _(
            "Made-up questions and answers in the structure of {original}, for trying this site out. They are not "
            "those of {original}."
        ).format(original=rules.name)
    return _("Multiple-choice questions of its organizer’s own, scored by the rules of {original}.").format(
        original=rules.name
    )


def figures(benchmark: Benchmark) -> list[str]:
    """What its current release holds, counted; without a release, what the definition allows."""
    release, asked = benchmark.current_release, contents.of(benchmark)
    counted = []
    if release is not None:
        counted = [
            ngettext("{count} question", "{count} questions", release.question_count).format(
                count=written.count(release.question_count)
            ),
            ngettext("{count} image", "{count} images", release.image_count).format(
                count=written.count(release.image_count)
            ),
        ]
    if release is not None and release.excluded_count:
        counted.insert(
            1, _("{count} of them not counted").format(count=written.count(release.excluded_count))
        )
    subtasks, datasets = len(asked.subtasks), len(asked.source_datasets)
    return [
        *counted,
        ngettext("{count} subtask", "{count} subtasks", subtasks).format(count=subtasks),
        ngettext("{count} source dataset", "{count} source datasets", datasets).format(count=datasets),
    ]
