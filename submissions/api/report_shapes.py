"""Shapes of what is said of an answer file: its report, and that of a dry run."""

from rest_framework import serializers

from submissions.api.serializers import IntervalField, ProblemShape, SubmissionState


class IntervalsShape(serializers.Serializer[None]):
    """Both ends of each figure's 95 % interval, by the names of the figures; what is not disclosed is left out."""

    subtasks = serializers.DictField(child=IntervalField(), required=False, help_text="By subtask.")
    datasets = serializers.DictField(child=IntervalField(), required=False, help_text="By source dataset.")
    detection = serializers.DictField(
        child=IntervalField(), required=False, help_text="By rate of detection."
    )
    detection_by_dataset = serializers.DictField(
        child=serializers.DictField(child=IntervalField()),
        required=False,
        help_text="The same within a source dataset.",
    )
    micro = IntervalField(required=False, help_text="Of all questions in one pool.")
    further = serializers.DictField(child=IntervalField(), required=False, help_text="Of boxes.")
    further_by_dataset = serializers.DictField(
        child=serializers.DictField(child=IntervalField()), required=False, help_text="Of boxes."
    )


class CommonestShape(serializers.Serializer[None]):
    """The letter that most of the replies were read as."""

    letter = serializers.CharField(help_text="The letter.")
    share = serializers.FloatField(help_text="Of the replies read, 0 to 1; over 0.95 is worth a warning.")
    replies = serializers.IntegerField(help_text="How many were read.")


class CellReportShape(serializers.Serializer[None]):
    """A cell: a source dataset and a subtask."""

    dataset = serializers.CharField(help_text="The source dataset’s name.")
    subtask = serializers.CharField(help_text="The subtask’s slug.")
    asked = serializers.IntegerField(
        help_text="Questions of this source dataset and subtask; images, of boxes."
    )
    answered = serializers.IntegerField(help_text="Replies that were read.")
    correct = serializers.IntegerField(
        help_text="Of localization: right boxes, at an overlap of 0.1; so no part of `asked`, which counts images."
    )
    score = serializers.FloatField(allow_null=True, help_text="Percent; null where nothing was asked.")
    interval = IntervalField(help_text="Both ends of the score's 95 % interval.")


class DetectionShape(serializers.Serializer[None]):
    """Percent; null where nothing was asked."""

    recall = serializers.FloatField(allow_null=True, help_text="Anomalous images that were said to be so.")
    precision = serializers.FloatField(
        allow_null=True, help_text="Of the images said to be anomalous, those that are."
    )
    f1 = serializers.FloatField(allow_null=True, help_text="The harmonic mean of recall and precision.")
    overkill = serializers.FloatField(
        allow_null=True, help_text="Normal images that were said to be anomalous."
    )
    miss = serializers.FloatField(allow_null=True, help_text="Anomalous images that were said to be normal.")


class LocatedShape(serializers.Serializer[None]):
    """Boxes at an overlap with a true one."""

    right = serializers.IntegerField(help_text="Predicted ones that match a true box.")
    false = serializers.IntegerField(help_text="Predicted ones that match no true box.")
    missed = serializers.IntegerField(help_text="True ones that no predicted box matches.")


class CategoryShape(serializers.Serializer[None]):
    """A category of a benchmark of boxes. Its boxes are counted at an overlap of 0.1."""

    dataset = serializers.CharField(help_text="The source dataset’s name.")
    category = serializers.CharField(help_text="The category’s name.")
    images = serializers.IntegerField(help_text="How many images it has.")
    right = serializers.IntegerField(help_text="Images of which detection is right.")
    boxes = LocatedShape(help_text="Its boxes, counted.")
    detection = serializers.FloatField(
        allow_null=True, help_text="Percent of its images that detection is right of."
    )
    localization = serializers.FloatField(
        allow_null=True, help_text="Right boxes of right, false and missed ones, in percent."
    )


class ReasoningShape(serializers.Serializer[None]):
    """The text before the answers: measured, never scored."""

    share = serializers.FloatField(help_text="Of the records that have any, 0 to 1.")
    mean = serializers.FloatField(help_text="Its characters, where there is any; the two below too.")
    median = serializers.FloatField(help_text="Their median.")
    longest = serializers.IntegerField(help_text="The longest.")


FURTHER = (
    "What stands beside detection and localization, such as `detection/recall` or `localization/accuracy-50` (at an "
    "overlap of 0.5)"
)


class ReportShape(SubmissionState):
    """The submission with its figures, in percent. What the benchmark does not disclose is left out.

    Where answers are boxes, `further`, `further_by_dataset`, `categories`, `boxes`, `invalid` and `reasoning` stand in
    place of what is told of letters: `detection`, `micro`, `official_compatible` and the commonest letter.
    """

    present = serializers.FloatField(help_text="Share of the questions that the file has a record for.")
    coverage = serializers.FloatField(help_text="Share of the questions whose reply was read.")
    cells = CellReportShape(
        many=True,
        required=False,
        help_text="Every source dataset with every subtask, where the benchmark discloses them.",
    )
    subtasks = serializers.DictField(
        child=serializers.FloatField(allow_null=True),
        required=False,
        help_text="Mean over source datasets, by subtask.",
    )
    datasets = serializers.DictField(
        child=serializers.FloatField(allow_null=True),
        required=False,
        help_text="Mean over subtasks, by source dataset.",
    )
    detection = DetectionShape(required=False, help_text="Mean over source datasets.")
    detection_by_dataset = serializers.DictField(
        child=DetectionShape(), required=False, help_text="The same within a source dataset."
    )
    micro = serializers.FloatField(allow_null=True, required=False, help_text="All questions in one pool.")
    official_compatible = serializers.FloatField(
        allow_null=True, required=False, help_text="The score without the unanswered questions; never ranked."
    )
    intervals = IntervalsShape(required=False, help_text="Both ends of each figure’s 95 % interval.")
    readings = serializers.DictField(
        child=serializers.IntegerField(), required=False, help_text="Records by the rule that read them."
    )
    commonest = CommonestShape(
        allow_null=True, required=False, help_text="Of the whole file; null where no reply was read."
    )
    commonest_by_subtask = serializers.DictField(
        child=CommonestShape(allow_null=True), required=False, help_text="The same within a subtask."
    )
    further = serializers.DictField(
        child=serializers.FloatField(allow_null=True),
        required=False,
        help_text=f"{FURTHER}; means over categories.",
    )
    further_by_dataset = serializers.DictField(
        child=serializers.DictField(child=serializers.FloatField(allow_null=True)),
        required=False,
        help_text="The same within a source dataset.",
    )
    categories = CategoryShape(
        many=True, required=False, help_text="Of boxes: each category of each source dataset."
    )
    boxes = serializers.DictField(
        child=LocatedShape(),
        required=False,
        help_text="Boxes of all images, by the overlap that is asked for.",
    )
    invalid = serializers.DictField(
        child=serializers.IntegerField(),
        required=False,
        help_text="Of `readings` those that are invalid, by their cause: wrong answers that predict no box.",
    )
    reasoning = ReasoningShape(required=False, help_text="Of boxes: the text before the answers.")
    kind = serializers.ChoiceField(
        choices=["boxes"], required=False, help_text="`boxes` where answers are boxes."
    )
    format = serializers.CharField(help_text="Of the answer file.")
    scorer_version = serializers.CharField(help_text="The version of the program that scored it.")
    reader_version = serializers.CharField(help_text="The version of the program that read its file.")
    ignored = serializers.IntegerField(help_text="Records for subtasks that a partial file leaves out.")

    class Meta(SubmissionState.Meta):
        figures = (
            *("cells", "subtasks", "datasets", "detection", "detection_by_dataset", "micro", "intervals"),
            *("commonest", "commonest_by_subtask"),
            *("official_compatible", "readings", "format", "scorer_version", "reader_version", "ignored"),
            *("further", "further_by_dataset", "categories", "boxes", "invalid", "reasoning", "kind"),
        )
        fields = (*SubmissionState.Meta.fields, *figures)  # type: ignore[assignment]  # a longer tuple
        read_only_fields = SubmissionState.Meta.fields


class CheckedSubtaskShape(serializers.Serializer[None]):
    """A subtask as a checked file answers it."""

    asked = serializers.IntegerField(help_text="Questions that count; images, of boxes.")
    records = serializers.IntegerField(help_text="Of these, those that the file has a record for.")
    answered = serializers.IntegerField(help_text="Of these, those whose reply was read.")


class CheckedShape(CheckedSubtaskShape):
    """What can be said of a file without the truth; counts are of the subtasks that it would be scored on."""

    valid = serializers.BooleanField(help_text="Always true: a file at fault is answered with 422.")
    errors = ProblemShape(many=True, help_text="Always empty.")  # type: ignore[assignment]  # see partial
    errors_total = serializers.IntegerField(help_text="Always 0.")
    release = serializers.CharField(help_text="The digest of the release that it was checked against.")
    format = serializers.CharField(help_text="What the file was read as.")
    present = serializers.FloatField(help_text="Share of the questions that the file has a record for.")
    coverage = serializers.FloatField(help_text="Share of the questions whose reply was read.")
    subtasks = serializers.DictField(child=CheckedSubtaskShape(), help_text="The same counts by subtask.")
    readings = serializers.DictField(
        child=serializers.IntegerField(), help_text="Records by the rule that read them."
    )
    commonest = CommonestShape(
        allow_null=True, help_text="The commonest letter; null where no reply was read, or answers are boxes."
    )
