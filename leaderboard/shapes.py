"""The shapes of the read API, for its schema alone: to write a board through them costs more than its queries."""

from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail

from scoring.prompts import MOST_SHOTS
from submissions.api.serializers import DetectionShape, IntervalField, SettingsShape


class _Shape(serializers.Serializer[None]):
    """A documented answer."""


class IndexShape(_Shape):
    benchmarks = serializers.URLField()
    schema = serializers.URLField(help_text="This API as an OpenAPI document.")
    docs = serializers.URLField(help_text="The same for reading.")


class ReleaseShape(_Shape):
    digest = serializers.CharField()
    questions = serializers.IntegerField()
    images = serializers.IntegerField()
    excluded = serializers.IntegerField()
    created_at = serializers.DateTimeField()


class LimitsShape(_Shape):
    daily = serializers.IntegerField()
    total = serializers.IntegerField()
    public_entries = serializers.IntegerField(
        allow_null=True, help_text="How many of its entries may be public at a time; null: without limit."
    )


class BenchmarkShape(_Shape):
    slug = serializers.SlugField()
    name = serializers.CharField()
    summary = serializers.CharField()
    is_standin = serializers.BooleanField(help_text="Synthetic questions and answers, for trying out.")
    is_open = serializers.BooleanField(help_text="Takes submissions now.")
    opens_at = serializers.DateTimeField(
        allow_null=True, help_text="From when it takes submissions, unless it is closed altogether."
    )
    closes_at = serializers.DateTimeField(allow_null=True, help_text="Until when it does.")
    disclosure = serializers.ChoiceField(choices=["overall", "subtasks", "cells"])
    release = ReleaseShape(allow_null=True)
    limits = LimitsShape(help_text="Submissions a team has, and public entries.")
    changed_at = serializers.DateTimeField(help_text="Moves with every change of the board.")
    links = serializers.DictField(child=serializers.URLField())


class BenchmarkPageShape(_Shape):
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = BenchmarkShape(many=True)


class SubtaskShape(_Shape):
    slug = serializers.SlugField()
    name = serializers.CharField()
    short_name = serializers.CharField()
    metric = serializers.CharField(help_text="`metrics` says what it measures.")
    kinds = serializers.ListField(
        child=serializers.CharField(), help_text="The benchmark's own question types."
    )


class RulesShape(_Shape):
    average_over = serializers.ListField(
        child=serializers.CharField(),
        help_text="What the overall score is a mean over, the outermost first; empty: all questions are pooled.",
    )
    lower_is_better = serializers.BooleanField()
    present_minimum = serializers.FloatField(
        help_text="Share of the questions that a file must have records for."
    )
    options_minimum = serializers.IntegerField(allow_null=True, help_text="Null where answers are boxes.")
    options_maximum = serializers.IntegerField(allow_null=True, help_text="Null where answers are boxes.")
    answers_public = serializers.BooleanField(
        allow_null=True, help_text="Whether anyone can get the answers; null where nobody has said."
    )
    closed_division = serializers.DictField(child=serializers.CharField())
    holds_alike = serializers.BooleanField(
        help_text="Whether answers that agree with another team's beyond chance wait for an organizer."
    )
    source_dataset_folds = serializers.DictField(child=serializers.CharField())


class DefinitionShape(BenchmarkShape):
    subtasks = SubtaskShape(many=True, help_text="Those that the release asks about.")
    source_datasets = serializers.ListField(
        child=serializers.CharField(), help_text="Those that the release asks about."
    )
    columns = serializers.ListField(
        child=serializers.CharField(), help_text="What `?column=` of the board takes."
    )
    metrics = serializers.DictField(child=serializers.CharField())
    rules = RulesShape()
    notice = serializers.CharField(
        help_text="Empty, as the two below, where the definition's words are not its own."
    )
    obtain = serializers.CharField()
    citation = serializers.CharField()


class _PlacedShape(_Shape):
    question_id = serializers.CharField()
    image = serializers.CharField()
    source_dataset = serializers.CharField()
    subtask = serializers.CharField()
    kind = serializers.CharField()
    options = serializers.DictField(child=serializers.CharField())
    is_excluded = serializers.BooleanField()


class QuestionShape(_PlacedShape):
    text = serializers.CharField()


class QuestionPageShape(_Shape):
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = QuestionShape(many=True)


class PartShape(_Shape):
    type = serializers.ChoiceField(choices=["text", "image"])
    text = serializers.CharField(required=False)
    image = serializers.CharField(required=False, help_text="Its path in the dataset.")


class PromptShape(_PlacedShape):
    """A line."""

    question = serializers.CharField(help_text="With its options, as the benchmark words it to a model.")
    templates = serializers.ListField(child=serializers.CharField(), help_text="Paths of normal samples.")
    knowledge = serializers.CharField(allow_null=True, help_text="All that is loaded of the product.")
    prompt = PartShape(many=True)


class PromptsQuery(serializers.Serializer[Any]):
    """The parameters of the prompts."""

    shots = serializers.IntegerField(
        min_value=0,
        max_value=MOST_SHOTS,
        default=0,
        help_text="How many normal samples are shown with an image.",
    )
    template = serializers.ChoiceField(
        choices=["random", "similar"], default="random", help_text="Which of its normal samples."
    )
    knowledge = serializers.ChoiceField(
        choices=["none", "full"], default="none", help_text="The domain knowledge of the image’s product."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """A parameter that is misspelt must not ask for other prompts than it seems to."""
        unknown = set(self.initial_data) - {*self.fields, "format"}
        if unknown:
            detail = _("There is no such parameter. Known are: {known}.").format(known=", ".join(self.fields))
            raise serializers.ValidationError(
                {name: ErrorDetail(detail, code="unknown-parameter") for name in sorted(unknown)}
            )
        return attrs


class RowEntryShape(_Shape):
    id = serializers.UUIDField(allow_null=True)
    name = serializers.CharField()
    settings = SettingsShape()


class DisclosedDetectionShape(DetectionShape):
    """Percent; empty where the benchmark discloses the overall score alone."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.required = False

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        fields = super().get_fields()
        fields["balanced-accuracy"] = serializers.FloatField(allow_null=True, help_text="Of boxes alone.")
        return fields


class LocalizationShape(_Shape):
    """Percent: shares of boxes, at an overlap of 0.1 and of 0.5. Empty where the overall score alone is disclosed."""

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        names = ("recall", "precision", "accuracy-50", "recall-50", "precision-50")
        return {name: serializers.FloatField(allow_null=True, required=False) for name in names}


class FiguresShape(_Shape):
    subtasks = serializers.DictField(
        child=serializers.FloatField(allow_null=True), help_text="Mean over source datasets, by subtask."
    )
    datasets = serializers.DictField(
        child=serializers.FloatField(allow_null=True), help_text="Mean over subtasks, by source dataset."
    )
    detection = DisclosedDetectionShape(
        help_text="Mean over source datasets; of boxes, `recall`, `precision` and `balanced-accuracy`, over categories."
    )
    localization = LocalizationShape(required=False, help_text="Of boxes alone: mean over categories.")


GAIN = (
    "By how many points, at most, a score picked from so many tries is expected to look better than one try's would; "
    "null for one try."
)


class RowShape(FiguresShape):
    rank = serializers.IntegerField(allow_null=True)
    rank_low = serializers.IntegerField(
        allow_null=True,
        help_text="The best rank that cannot be ruled out: 1 + the entries significantly better.",
    )
    rank_high = serializers.IntegerField(
        allow_null=True, help_text="The last one: all that have a rank less the entries significantly worse."
    )
    entry = RowEntryShape()
    team = serializers.SlugField(allow_null=True)
    kind = serializers.ChoiceField(choices=["scored", "quoted"])
    tier = serializers.ChoiceField(
        choices=["quoted", "scored", "verified"], help_text="Verified: reproduced by an organizer."
    )
    under_review = serializers.BooleanField(
        help_text="The organizers are looking into it; its page says why."
    )
    submission = serializers.UUIDField(allow_null=True)
    score = serializers.FloatField(allow_null=True, help_text="Percent, of the column asked for.")
    interval = IntervalField(help_text="Both ends of the score's 95 % interval; null of a quoted result.")
    intervals = serializers.DictField(
        child=IntervalField(), help_text="The same of the row's further figures, by column."
    )
    coverage = serializers.FloatField(allow_null=True)
    commonest = serializers.FloatField(
        allow_null=True,
        help_text="Share of the replies read that the commonest letter has; over 0.95 is worth a warning.",
    )
    tries = serializers.IntegerField(allow_null=True)
    expected_gain = serializers.FloatField(allow_null=True, help_text=GAIN)
    scored_at = serializers.DateTimeField(allow_null=True)
    release = serializers.CharField(
        allow_null=True, help_text="The digest of the release that the score is of; null of a quoted result."
    )
    team_name = serializers.CharField(
        required=False, help_text="Of a scored row: the team as people read it."
    )
    partial = serializers.ListField(  # type: ignore[assignment]  # the contract's word, and the base's
        child=serializers.CharField(),
        required=False,
        help_text="Of a scored row: the subtasks of a submission that was sent as partial; else empty.",
    )
    source = serializers.CharField(  # type: ignore[assignment]  # the contract's word, and the base's
        required=False, help_text="Of a quoted result: where it is printed."
    )
    flags = serializers.CharField(
        required=False, help_text="Of a quoted result: what to know before comparing."
    )
    line = serializers.ChoiceField(
        choices=["human", "chance"], allow_null=True, required=False, help_text="Of a quoted result."
    )
    cells = serializers.DictField(
        child=serializers.FloatField(allow_null=True),
        required=False,
        help_text="Of boxes, where `column` is a source dataset and every cell is disclosed: its figures by subtask.",
    )


class BoardShape(_Shape):
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = RowShape(many=True)


class CellShape(_Shape):
    dataset = serializers.CharField()
    subtask = serializers.CharField()
    score = serializers.FloatField(allow_null=True)
    interval = IntervalField()


class HistoryShape(_Shape):
    submission = serializers.UUIDField()
    status = serializers.CharField()
    visibility = serializers.CharField()
    received_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)
    score = serializers.FloatField(allow_null=True)
    interval = IntervalField()
    coverage = serializers.FloatField(allow_null=True)
    partial = serializers.ListField(  # type: ignore[assignment]  # the contract's word, and the base's
        child=serializers.CharField()
    )
    shown = serializers.BooleanField()
    withdrawn_at = serializers.DateTimeField(allow_null=True)
    withdrawn_reason = serializers.CharField(allow_null=True)


class EntryDetailShape(FiguresShape):
    id = serializers.UUIDField()
    name = serializers.CharField()
    benchmark = serializers.SlugField()
    team = serializers.SlugField()
    division = serializers.ChoiceField(choices=["open", "closed"])
    settings = SettingsShape()
    tries = serializers.IntegerField()
    expected_gain = serializers.FloatField(allow_null=True, help_text=GAIN)
    hidden_at = serializers.DateTimeField(
        allow_null=True, help_text="When an organizer took it off the board; its page says why."
    )
    hidden_reason = serializers.CharField(allow_null=True)
    tier = serializers.ChoiceField(
        choices=["scored", "verified"],
        allow_null=True,
        help_text="Of the submission that stands for it; null without one.",
    )
    verified_submission = serializers.UUIDField(
        allow_null=True,
        help_text="The one that an organizer has reproduced, perhaps not the one shown by now.",
    )
    verified_at = serializers.DateTimeField(allow_null=True)
    verified_note = serializers.CharField(allow_null=True, help_text="How it was reproduced.")
    review_since = serializers.DateTimeField(
        allow_null=True, help_text="Since when the organizers are looking into it; null: they are not."
    )
    review_reason = serializers.CharField(allow_null=True)
    submission = serializers.UUIDField(allow_null=True, help_text="The one that stands for the entry.")
    score = serializers.FloatField(allow_null=True)
    interval = IntervalField()
    intervals = serializers.DictField(
        child=IntervalField(), help_text="Both ends of each figure's 95 % interval, by column."
    )
    coverage = serializers.FloatField(allow_null=True)
    rank = serializers.IntegerField(allow_null=True)
    rank_low = serializers.IntegerField(allow_null=True)
    rank_high = serializers.IntegerField(allow_null=True)
    ranks = serializers.DictField(
        child=serializers.DictField(child=serializers.IntegerField()), help_text="By division and column."
    )
    rank_ranges = serializers.DictField(
        child=serializers.DictField(
            child=serializers.ListField(child=serializers.IntegerField(), min_length=2, max_length=2)
        ),
        help_text="The first and the last rank that cannot be ruled out, by division and column.",
    )
    cells = CellShape(many=True)
    history = HistoryShape(many=True, help_text="Newest first, 50 a page; private ones for its team only.")
    next = serializers.URLField(allow_null=True, help_text="This entry with the next page of its history.")
    previous = serializers.URLField(
        allow_null=True, help_text="This entry with the page of its history before this one."
    )


class ComparedEntryShape(_Shape):
    id = serializers.UUIDField()
    name = serializers.CharField()
    team = serializers.SlugField()
    team_name = serializers.CharField()
    settings = SettingsShape()
    submission = serializers.UUIDField(
        help_text="The one that stands for the entry; where submissions were asked for, the one that was."
    )
    rank = serializers.IntegerField(
        allow_null=True,
        help_text="Overall, in the open division; null of a submission that does not stand for its entry.",
    )
    rank_low = serializers.IntegerField(allow_null=True, help_text="As in a board's row.")
    rank_high = serializers.IntegerField(allow_null=True)
    score = serializers.FloatField(allow_null=True)
    interval = IntervalField()
    coverage = serializers.FloatField(allow_null=True)
    partial = serializers.ListField(  # type: ignore[assignment]  # the contract's word, and the base's
        child=serializers.CharField(), help_text="The subtasks of one that was sent as partial; else empty."
    )


VERDICTS = ["first-better", "second-better", "not-separable"]


class DifferenceShape(_Shape):
    difference = serializers.FloatField(help_text="The first one's figure less the second's, in points.")
    interval = serializers.ListField(
        child=serializers.FloatField(),
        min_length=2,
        max_length=2,
        help_text="Its 95 % interval; to the tenth of a point where not every cell is disclosed.",
    )
    z = serializers.FloatField(
        allow_null=True,
        help_text="The difference in standard errors; null where it is not disclosed.",
    )
    error = serializers.FloatField(
        allow_null=True, help_text="The standard error, clustered by image; null where it is not disclosed."
    )
    verdict = serializers.ChoiceField(choices=VERDICTS)


class TableShape(_Shape):
    both = serializers.IntegerField(help_text="Questions, or of boxes images, that both got right.")
    first = serializers.IntegerField(help_text="Only the first.")
    second = serializers.IntegerField(help_text="Only the second.")
    neither = serializers.IntegerField()


class PairShape(_Shape):
    first = serializers.UUIDField()
    second = serializers.UUIDField()
    verdict = serializers.ChoiceField(
        choices=VERDICTS,
        allow_null=True,
        help_text="Of the overall difference; null where one of the two answered some subtasks alone.",
    )
    sentence = serializers.CharField(help_text="The verdict in words.")
    fault = serializers.CharField(
        allow_null=True, help_text="Why they could not be compared; null when they were."
    )
    overall = DifferenceShape(allow_null=True)
    subtasks = serializers.DictField(child=DifferenceShape(), help_text="Of the subtasks that both answered.")
    datasets = serializers.DictField(child=DifferenceShape(), help_text="By source dataset.")
    table = TableShape(
        allow_null=True, help_text="Over single questions; null where not every cell is disclosed."
    )
    mcnemar_mid_p = serializers.FloatField(
        allow_null=True,
        help_text="Of that table, as if questions were independent; the verdict does not rest on it.",
    )


COMPARISON_STATUS = ["done", "computing"]


class ComparisonShape(_Shape):
    status = serializers.ChoiceField(choices=COMPARISON_STATUS)
    release = serializers.CharField(help_text="The digest of the release that they are compared on.")
    entries = ComparedEntryShape(many=True, help_text="In the order asked for.")
    pairs = PairShape(many=True, help_text="Each two of them; those left out are being computed.")
