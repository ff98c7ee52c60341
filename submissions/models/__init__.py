"""All models: one concept a file."""

from submissions.models.alarm import Alarm
from submissions.models.benchmark import Benchmark, Question, Release
from submissions.models.complaint import Complaint
from submissions.models.dispute import Dispute, DisputedQuestion
from submissions.models.entry import Entry
from submissions.models.event import Event
from submissions.models.everybody import Announcement, UploadSwitch
from submissions.models.figure import Figure
from submissions.models.idempotency import IdempotencyKey
from submissions.models.mail import Mail
from submissions.models.notice import Letter, Notice
from submissions.models.outline import Outline
from submissions.models.pair import Pair
from submissions.models.prompt import ImageTemplates, Knowledge
from submissions.models.publisher import Publisher, UsedIdentity
from submissions.models.quoted import QuotedResult
from submissions.models.store_fault import StoreFault
from submissions.models.submission import Report, Submission
from submissions.models.team import Invitation, Membership, Team
from submissions.models.token import Token, TokenNetwork
from submissions.models.transition import Transition
from submissions.models.user import User

__all__ = [
    "Alarm",
    "Announcement",
    "Benchmark",
    "Complaint",
    "Dispute",
    "DisputedQuestion",
    "Entry",
    "Event",
    "Figure",
    "IdempotencyKey",
    "ImageTemplates",
    "Invitation",
    "Knowledge",
    "Letter",
    "Mail",
    "Membership",
    "Notice",
    "Outline",
    "Pair",
    "Publisher",
    "Question",
    "QuotedResult",
    "Release",
    "Report",
    "StoreFault",
    "Submission",
    "Team",
    "Token",
    "TokenNetwork",
    "Transition",
    "UploadSwitch",
    "UsedIdentity",
    "User",
]
