"""What a benchmark says of itself. Only the benchmark that a definition describes speaks in the definition's words."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from scoring import metrics
from scoring.definition import Definition
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
        if benchmark.asks_for_boxes:
            return _(
                "Made-up images and boxes in the structure of {original}, for trying this site out. They are not those "
                "of {original}."
            ).format(original=rules.name)
        return _(
            "Made-up questions and answers in the structure of {original}, for trying this site out. They are not "
            "those of {original}."
        ).format(original=rules.name)
    if benchmark.asks_for_boxes:
        return _("Images of its organizer’s own, scored by the rules of {original}.").format(
            original=rules.name
        )
    return _("Multiple-choice questions of its organizer’s own, scored by the rules of {original}.").format(
        original=rules.name
    )


def figures(benchmark: Benchmark) -> list[str]:
    """What its current release holds, counted; without a release, what the definition allows."""
    release, asked = benchmark.current_release, contents.of(benchmark)
    counted = []
    if release is not None:
        counted = [written.asked(release.question_count, images=benchmark.asks_for_boxes)]
    if release is not None and release.image_count and not benchmark.asks_for_boxes:
        images = ngettext("{count} image", "{count} images", release.image_count)
        counted.append(images.format(count=written.count(release.image_count)))
    if release is not None and release.excluded_count:
        counted.insert(
            1, _("{count} of them not counted").format(count=written.count(release.excluded_count))
        )
    subtasks, datasets = len(asked.subtasks), len(asked.source_datasets)
    counted.append(ngettext("{count} subtask", "{count} subtasks", subtasks).format(count=subtasks))
    if datasets:
        said = ngettext("{count} source dataset", "{count} source datasets", datasets)
        counted.append(said.format(count=datasets))
    return counted


_LEVELS: Mapping[str, tuple[str | Promise, str | Promise]] = {
    "source_dataset": (gettext_lazy("source dataset"), gettext_lazy("source datasets")),
    "subtask": (gettext_lazy("subtask"), gettext_lazy("subtasks")),
    "category": (gettext_lazy("category"), gettext_lazy("categories")),
}


def scoring(rules: Definition) -> list[str]:
    """How the score is made, in sentences."""
    if rules.asks_for_boxes:
        return [
            _(
                "Detection is the share of images of which it is said rightly whether they are anomalous, in percent."
            ),
            _(
                "Localization is right boxes of all boxes: right ones, false ones and true ones that were missed."
            ),
            _(
                "A box is right when its overlap (intersection over union) with a true box is 0.1 or more, each box "
                "matched once."
            ),
            _(
                "Both are taken in each category and averaged over categories; the overall score is their mean."
            ),
            _("So each category weighs the same, however many images it has."),
        ]
    levels = [_LEVELS[name] for name in rules.average_over]
    if not levels:
        said = [_("The overall score is the share of all questions that are answered rightly, in percent.")]
    else:
        cell = _(" and ").join(str(one) for one, _many in levels)
        means = _(" of their means over ").join(str(many) for _one, many in levels)
        said = [
            _("In each {cell} the share of right answers is taken, in percent.").format(cell=cell),
            _("The overall score is the mean over {means}.").format(means=means),
            _("So each {cell} weighs the same, however many questions it has.").format(cell=cell),
        ]
    balanced = [subtask.name for subtask in rules.subtasks if subtask.metric in metrics.MEANS_OF_CLASSES]
    if balanced:
        names = ", ".join(balanced)
        said.insert(
            1,
            _(
                "For {names} it is balanced: the mean of the accuracy on normal and on abnormal images."
            ).format(names=names),
        )
    if rules.lower_is_better:
        said.append(_("The lower a score, the better."))
    return said
