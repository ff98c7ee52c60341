"""The shapes of the read API, for its schema alone: to write a board through them costs more than its queries."""

from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail

from scoring.prompts import MOST_SHOTS
from submissions.api.report_shapes import DetectionShape
from submissions.api.serializers import IntervalField, SettingsShape


class _Shape(serializers.Serializer[None]):
    """A documented answer."""


class IndexShape(_Shape):
    """Where to go from here."""

    benchmarks = serializers.URLField(help_text="The benchmarks of this site.")
    schema = serializers.URLField(help_text="This API as an OpenAPI document.")
    docs = serializers.URLField(help_text="The same for reading.")


class ReleaseShape(_Shape):
    """One immutable version of a benchmark’s questions and their truth."""

    digest = serializers.CharField(help_text="SHA-256 over its content, in hexadecimal digits: its name.")
    questions = serializers.IntegerField(help_text="How many questions it asks.")
    images = serializers.IntegerField(help_text="How many images they are about.")
    excluded = serializers.IntegerField(help_text="How many of its questions are not counted.")
    created_at = serializers.DateTimeField(help_text="When it was imported, in UTC.")


class LimitsShape(_Shape):
    """How much a team may send."""

    daily = serializers.IntegerField(help_text="Submissions a day of UTC.")
    total = serializers.IntegerField(help_text="Submissions in all.")
    public_entries = serializers.IntegerField(
        allow_null=True, help_text="How many of its entries may be public at a time; null: without limit."
    )


class BenchmarkShape(_Shape):
    """A benchmark as the list has it."""

    slug = serializers.SlugField(help_text="Its short name, in addresses; it stays.")
    name = serializers.CharField(help_text="Its name, for people.")
    summary = serializers.CharField(help_text="What it is about, in a sentence or two.")
    is_standin = serializers.BooleanField(help_text="Synthetic questions and answers, for trying out.")
    is_open = serializers.BooleanField(help_text="Takes submissions now.")
    opens_at = serializers.DateTimeField(
        allow_null=True, help_text="From when it takes submissions, unless it is closed altogether."
    )
    closes_at = serializers.DateTimeField(allow_null=True, help_text="Until when it does.")
    disclosure = serializers.ChoiceField(
        choices=["overall", "subtasks", "cells"],
        help_text="What is told of a submission: the overall score, subtasks and source datasets too, or every cell.",
    )
    release = ReleaseShape(allow_null=True, help_text="The current release; null until there is one.")
    limits = LimitsShape(help_text="Submissions a team has, and public entries.")
    changed_at = serializers.DateTimeField(help_text="Moves with every change of the board.")
    links = serializers.DictField(
        child=serializers.URLField(),
        help_text="Addresses, by what is there; `self` is this benchmark’s definition, `page` its board for people.",
    )


class BenchmarkPageShape(_Shape):
    """A page of benchmarks."""

    next = serializers.URLField(allow_null=True, help_text="The next page; null: this is the last.")
    previous = serializers.URLField(
        allow_null=True, help_text="The page before this one; null: this is the first."
    )
    results = BenchmarkShape(many=True, help_text="The benchmarks.")


class SubtaskShape(_Shape):
    """A kind of task that the questions fall into."""

    slug = serializers.SlugField(help_text="Its short name; a column of the board.")
    name = serializers.CharField(help_text="Its name, for people.")
    short_name = serializers.CharField(help_text="The same where there is little room.")
    metric = serializers.CharField(help_text="`metrics` says what it measures.")
    kinds = serializers.ListField(
        child=serializers.CharField(), help_text="The benchmark's own question types."
    )


class RulesShape(_Shape):
    """How a benchmark is scored."""

    average_over = serializers.ListField(
        child=serializers.CharField(),
        help_text="What the overall score is a mean over, the outermost first; empty: all questions are pooled.",
    )
    lower_is_better = serializers.BooleanField(help_text="Whether the board is led by the lowest score.")
    present_minimum = serializers.FloatField(
        help_text="Share of the questions that a file must have records for."
    )
    options_minimum = serializers.IntegerField(allow_null=True, help_text="Null where answers are boxes.")
    options_maximum = serializers.IntegerField(allow_null=True, help_text="Null where answers are boxes.")
    answers_public = serializers.BooleanField(
        allow_null=True, help_text="Whether anyone can get the answers; null where nobody has said."
    )
    closed_division = serializers.DictField(
        child=serializers.CharField(),
        help_text="Settings that an entry has to declare to stand in the closed division, with their values.",
    )
    holds_alike = serializers.BooleanField(
        help_text="Whether answers that agree with another team's beyond chance wait for an organizer."
    )
    source_dataset_folds = serializers.DictField(
        child=serializers.CharField(),
        help_text="Source datasets that are counted under the name of another, by their own names.",
    )


class DefinitionShape(BenchmarkShape):
    """Everything that the public may know of a benchmark."""

    subtasks = SubtaskShape(many=True, help_text="Those that the release asks about.")
    source_datasets = serializers.ListField(
        child=serializers.CharField(), help_text="Those that the release asks about."
    )
    columns = serializers.ListField(
        child=serializers.CharField(), help_text="What `?column=` of the board takes."
    )
    metrics = serializers.DictField(
        child=serializers.CharField(), help_text="What each metric measures, by its name."
    )
    rules = RulesShape(help_text="How it is scored.")
    notice = serializers.CharField(
        help_text="Empty, as the two below, where the definition's words are not its own."
    )
    obtain = serializers.CharField(help_text="Where its images come from, and what that asks of you.")
    citation = serializers.CharField(help_text="How to cite it, as BibTeX where it has such.")


class _PlacedShape(_Shape):
    """A question and where it stands."""

    question_id = serializers.CharField(help_text="The id that an answer file names it by.")
    image = serializers.CharField(help_text="The path of its image in the dataset.")
    source_dataset = serializers.CharField(help_text="The source dataset that its image is from.")
    subtask = serializers.CharField(help_text="The slug of its subtask.")
    kind = serializers.CharField(help_text="The benchmark’s own type of question.")
    options = serializers.DictField(
        child=serializers.CharField(),
        help_text="The options’ texts, by their letters; empty where answers are boxes.",
    )
    is_excluded = serializers.BooleanField(help_text="Whether it is asked but not counted.")


class QuestionShape(_PlacedShape):
    """A question without its answer."""

    text = serializers.CharField(help_text="The question.")


class QuestionPageShape(_Shape):
    """A page of questions, in the release’s order."""

    next = serializers.URLField(allow_null=True, help_text="The next page; null: this is the last.")
    previous = serializers.URLField(
        allow_null=True, help_text="The page before this one; null: this is the first."
    )
    results = QuestionShape(many=True, help_text="The questions.")


class PartShape(_Shape):
    """A part of what a model is shown."""

    type = serializers.ChoiceField(choices=["text", "image"], help_text="Whether it is a text or an image.")
    text = serializers.CharField(required=False, help_text="The text, of a part that is one.")
    image = serializers.CharField(required=False, help_text="Its path in the dataset.")


class PromptShape(_PlacedShape):
    """A question as it is put to a model: one line of the file."""

    question = serializers.CharField(help_text="With its options, as the benchmark words it to a model.")
    templates = serializers.ListField(child=serializers.CharField(), help_text="Paths of normal samples.")
    knowledge = serializers.CharField(allow_null=True, help_text="All that is loaded of the product.")
    prompt = PartShape(many=True, help_text="All that a model is to be shown, in order.")


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
    """The entry of a board’s row."""

    id = serializers.UUIDField(allow_null=True, help_text="Its id; null of a quoted result.")
    name = serializers.CharField(help_text="Its name, or the quoted model’s.")
    settings = SettingsShape(help_text="How the model was run.")


class DisclosedDetectionShape(DetectionShape):
    """Percent; empty where the benchmark discloses the overall score alone."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.required = False

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        fields = super().get_fields()
        fields["balanced-accuracy"] = serializers.FloatField(
            allow_null=True,
            help_text="Of boxes alone: the mean of the accuracies on normal and on anomalous images, in percent.",
        )
        return fields


class LocalizationShape(_Shape):
    """Percent: shares of boxes, at an overlap of 0.1 and of 0.5. Empty where the overall score alone is disclosed."""

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        words = {
            "recall": "True boxes that were found, at an overlap of 0.1, in percent.",
            "precision": "Predicted boxes that are right, at an overlap of 0.1, in percent.",
            "accuracy-50": "Right boxes of right, false and missed ones, at an overlap of 0.5, in percent.",
            "recall-50": "As `recall`, at an overlap of 0.5.",
            "precision-50": "As `precision`, at an overlap of 0.5.",
        }
        return {
            name: serializers.FloatField(allow_null=True, required=False, help_text=said)
            for name, said in words.items()
        }


class FiguresShape(_Shape):
    """Figures in percent, by what they are of."""

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
    """A row of the board."""

    rank = serializers.IntegerField(
        allow_null=True,
        help_text="In this division and column; null of a quoted result, and of a partial one outside its subtasks.",
    )
    rank_low = serializers.IntegerField(
        allow_null=True,
        help_text="The best rank that cannot be ruled out: 1 + the entries significantly better.",
    )
    rank_high = serializers.IntegerField(
        allow_null=True, help_text="The last one: all that have a rank less the entries significantly worse."
    )
    entry = RowEntryShape(help_text="The entry that it is of.")
    team = serializers.SlugField(allow_null=True, help_text="The team’s slug; null of a quoted result.")
    kind = serializers.ChoiceField(
        choices=["scored", "quoted"],
        help_text="Scored here, or quoted from the authors or a paper and not verified.",
    )
    tier = serializers.ChoiceField(
        choices=["quoted", "scored", "verified"], help_text="Verified: reproduced by an organizer."
    )
    under_review = serializers.BooleanField(
        help_text="The organizers are looking into it; its page says why."
    )
    submission = serializers.UUIDField(
        allow_null=True, help_text="The submission that stands for the entry; null of a quoted result."
    )
    score = serializers.FloatField(allow_null=True, help_text="Percent, of the column asked for.")
    interval = IntervalField(help_text="Both ends of the score's 95 % interval; null of a quoted result.")
    intervals = serializers.DictField(
        child=IntervalField(), help_text="The same of the row's further figures, by column."
    )
    coverage = serializers.FloatField(
        allow_null=True, help_text="Share of the questions whose reply was read, 0 to 1."
    )
    commonest = serializers.FloatField(
        allow_null=True,
        help_text="Share of the replies read that the commonest letter has; over 0.95 is worth a warning.",
    )
    tries = serializers.IntegerField(
        allow_null=True, help_text="How many submissions of the entry were scored so far."
    )
    expected_gain = serializers.FloatField(allow_null=True, help_text=GAIN)
    scored_at = serializers.DateTimeField(
        allow_null=True, help_text="When it was scored, in UTC; null of a quoted result."
    )
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
    """A page of the board, best first."""

    next = serializers.URLField(allow_null=True, help_text="The next page; null: this is the last.")
    previous = serializers.URLField(
        allow_null=True, help_text="The page before this one; null: this is the first."
    )
    results = RowShape(many=True, help_text="The rows.")


class CellShape(_Shape):
    """The figure of a source dataset and a subtask."""

    dataset = serializers.CharField(help_text="The source dataset’s name.")
    subtask = serializers.CharField(help_text="The subtask’s slug.")
    score = serializers.FloatField(allow_null=True, help_text="Percent; null where nothing was asked.")
    interval = IntervalField(help_text="Both ends of the score’s 95 % interval, in percent.")


class HistoryShape(_Shape):
    """A submission in an entry’s history."""

    submission = serializers.UUIDField(help_text="Its id.")
    status = serializers.CharField(help_text="Where it stands; see the submission’s own call.")
    visibility = serializers.CharField(help_text="Who may see it.")
    received_at = serializers.DateTimeField(help_text="When it came in, in UTC.")
    finished_at = serializers.DateTimeField(
        allow_null=True, help_text="When it was finished with, in UTC; null until then."
    )
    score = serializers.FloatField(allow_null=True, help_text="Percent; null without one.")
    interval = IntervalField(help_text="Both ends of the score’s 95 % interval, in percent.")
    coverage = serializers.FloatField(
        allow_null=True, help_text="Share of the questions whose reply was read, 0 to 1."
    )
    partial = serializers.ListField(  # type: ignore[assignment]  # the contract's word, and the base's
        child=serializers.CharField(),
        help_text="The subtasks that its file is limited to; empty: it is of all.",
    )
    shown = serializers.BooleanField(help_text="Whether it stands for the entry.")
    withdrawn_at = serializers.DateTimeField(
        allow_null=True, help_text="When it was withdrawn, in UTC; null: it was not."
    )
    withdrawn_reason = serializers.CharField(allow_null=True, help_text="Why, in its team’s words.")


class EntryDetailShape(FiguresShape):
    """An entry with its figures and its history."""

    id = serializers.UUIDField(help_text="Its id.")
    name = serializers.CharField(help_text="Its name.")
    benchmark = serializers.SlugField(help_text="The slug of its benchmark.")
    team = serializers.SlugField(help_text="The slug of its team.")
    division = serializers.ChoiceField(
        choices=["open", "closed"],
        help_text="The narrowest division that it stands in; the closed one’s entries stand in the open one too.",
    )
    settings = SettingsShape(help_text="How the model was run.")
    tries = serializers.IntegerField(help_text="How many submissions of it were scored so far.")
    expected_gain = serializers.FloatField(allow_null=True, help_text=GAIN)
    hidden_at = serializers.DateTimeField(
        allow_null=True, help_text="When an organizer took it off the board; its page says why."
    )
    hidden_reason = serializers.CharField(
        allow_null=True, help_text="Why it was taken off; null: it was not."
    )
    tier = serializers.ChoiceField(
        choices=["scored", "verified"],
        allow_null=True,
        help_text="Of the submission that stands for it; null without one.",
    )
    verified_submission = serializers.UUIDField(
        allow_null=True,
        help_text="The one that an organizer has reproduced, perhaps not the one shown by now.",
    )
    verified_at = serializers.DateTimeField(
        allow_null=True, help_text="When an organizer reproduced it, in UTC; null: nobody has."
    )
    verified_note = serializers.CharField(allow_null=True, help_text="How it was reproduced.")
    review_since = serializers.DateTimeField(
        allow_null=True, help_text="Since when the organizers are looking into it; null: they are not."
    )
    review_reason = serializers.CharField(allow_null=True, help_text="Why they are; null: they are not.")
    submission = serializers.UUIDField(allow_null=True, help_text="The one that stands for the entry.")
    score = serializers.FloatField(allow_null=True, help_text="Overall, in percent; null without one.")
    interval = IntervalField(help_text="Both ends of the score’s 95 % interval, in percent.")
    intervals = serializers.DictField(
        child=IntervalField(), help_text="Both ends of each figure's 95 % interval, by column."
    )
    coverage = serializers.FloatField(
        allow_null=True, help_text="Share of the questions whose reply was read, 0 to 1."
    )
    rank = serializers.IntegerField(
        allow_null=True, help_text="Overall, in the open division; null without one."
    )
    rank_low = serializers.IntegerField(allow_null=True, help_text="The best rank that cannot be ruled out.")
    rank_high = serializers.IntegerField(allow_null=True, help_text="The last one that cannot be.")
    ranks = serializers.DictField(
        child=serializers.DictField(child=serializers.IntegerField()), help_text="By division and column."
    )
    rank_ranges = serializers.DictField(
        child=serializers.DictField(
            child=serializers.ListField(child=serializers.IntegerField(), min_length=2, max_length=2)
        ),
        help_text="The first and the last rank that cannot be ruled out, by division and column.",
    )
    cells = CellShape(
        many=True, help_text="Figures by source dataset and subtask, where the benchmark discloses them."
    )
    history = HistoryShape(many=True, help_text="Newest first, 50 a page; private ones for its team only.")
    next = serializers.URLField(allow_null=True, help_text="This entry with the next page of its history.")
    previous = serializers.URLField(
        allow_null=True, help_text="This entry with the page of its history before this one."
    )


class ComparedEntryShape(_Shape):
    """One of the entries compared."""

    id = serializers.UUIDField(help_text="Its id.")
    name = serializers.CharField(help_text="Its name.")
    team = serializers.SlugField(help_text="The slug of its team.")
    team_name = serializers.CharField(help_text="The team’s name, for people.")
    settings = SettingsShape(help_text="How the model was run.")
    submission = serializers.UUIDField(
        help_text="The one that stands for the entry; where submissions were asked for, the one that was."
    )
    rank = serializers.IntegerField(
        allow_null=True,
        help_text="Overall, in the open division; null of a submission that does not stand for its entry.",
    )
    rank_low = serializers.IntegerField(allow_null=True, help_text="As in a board's row.")
    rank_high = serializers.IntegerField(allow_null=True, help_text="As in a board’s row.")
    score = serializers.FloatField(allow_null=True, help_text="Overall, in percent.")
    interval = IntervalField(help_text="Both ends of the score’s 95 % interval, in percent.")
    coverage = serializers.FloatField(
        allow_null=True, help_text="Share of the questions whose reply was read, 0 to 1."
    )
    partial = serializers.ListField(  # type: ignore[assignment]  # the contract's word, and the base's
        child=serializers.CharField(), help_text="The subtasks of one that was sent as partial; else empty."
    )


VERDICTS = ["first-better", "second-better", "not-separable"]


class DifferenceShape(_Shape):
    """A difference between two submissions, on the questions that both were asked."""

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
    verdict = serializers.ChoiceField(
        choices=VERDICTS, help_text="Which is better, or that they cannot be told apart."
    )


class TableShape(_Shape):
    """Questions by who got them right."""

    both = serializers.IntegerField(help_text="Questions, or of boxes images, that both got right.")
    first = serializers.IntegerField(help_text="Only the first.")
    second = serializers.IntegerField(help_text="Only the second.")
    neither = serializers.IntegerField(help_text="Neither of them.")


class PairShape(_Shape):
    """Two of the entries against each other."""

    first = serializers.UUIDField(help_text="The id of the first entry.")
    second = serializers.UUIDField(help_text="The id of the second.")
    verdict = serializers.ChoiceField(
        choices=VERDICTS,
        allow_null=True,
        help_text="Of the overall difference; null where one of the two answered some subtasks alone.",
    )
    sentence = serializers.CharField(help_text="The verdict in words.")
    fault = serializers.CharField(
        allow_null=True, help_text="Why they could not be compared; null when they were."
    )
    overall = DifferenceShape(
        allow_null=True,
        help_text="The difference of the overall scores; null where they could not be compared.",
    )
    shared = DifferenceShape(
        allow_null=True,
        help_text="Where one of the two answered some subtasks alone: the difference of the mean of the subtasks that "
        "both answered. Null elsewhere, and where subtasks are not disclosed.",
    )
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
    """Entries compared, each two of them."""

    status = serializers.ChoiceField(
        choices=COMPARISON_STATUS, help_text="Whether all of it is there, or a worker still computes."
    )
    release = serializers.CharField(help_text="The digest of the release that they are compared on.")
    entries = ComparedEntryShape(many=True, help_text="In the order asked for.")
    pairs = PairShape(many=True, help_text="Each two of them; those left out are being computed.")
