"""The one place where a refusal, or storage that does not answer, becomes words on a page or at a form's field."""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Concatenate, ParamSpec

from django import forms
from django.contrib import messages as notices
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from submissions import messages
from submissions.models import User
from submissions.refusals import Refusal

Names = ParamSpec("Names")
# None is the plain way back.
Deed = Callable[Concatenate[HttpRequest, Names], HttpResponse | None]
View = Callable[..., HttpResponse]

# All others are 422: the form comes back.
STATUS: Mapping[str, int] = {
    "uploads-closed": 503,
    "compare-unknown": 404,
    "too-many-comparisons": 503,
    "team-banned": 403,
    "too-many-uploads": 429,
    "too-many-checks": 429,
    "check-busy": 503,
    "check-not-ready": 503,
    "check-unfinished": 503,
    "too-many-messages": 429,
    "too-many-rotations": 429,
    "too-many-disputes": 429,
    "too-many-complaints": 429,
    "file-too-large": 413,
}
FORM_COMES_BACK = 422


def sentence(refusal: Refusal, *, field_label: str | None = None) -> str:
    """What the refusal says, with the field as its form calls it."""
    return messages.refusal(refusal.code, {"field": field_label or refusal.field, **refusal.params})


def into_form(form: forms.BaseForm, refusal: Refusal) -> int:
    """Put the refusal at the field that it names, else above the form; answers with the page's HTTP status."""
    form.errors  # noqa: B018  # a form takes errors only once it is cleaned
    field = refusal.field if refusal.field in form.fields else None
    label = str(form.fields[field].label) if field else None
    form.add_error(field, sentence(refusal, field_label=label))
    return STATUS.get(refusal.code, FORM_COMES_BACK)


def validation_into_form(form: forms.BaseForm, error: ValidationError) -> int:
    """Put what a model found wrong at the form's fields of the same names."""
    by_field: Mapping[str, list[str]] = (
        error.message_dict if hasattr(error, "error_dict") else {"": error.messages}
    )
    for field, found in by_field.items():
        form.add_error(field if field in form.fields else None, [str(one) for one in found])
    return FORM_COMES_BACK


def storage_into_form(form: forms.BaseForm) -> int:
    """Say above the form that nothing was taken, because storage does not answer."""
    form.errors  # noqa: B018  # as above
    form.add_error(None, storage_sentence())
    return 503


def storage_sentence() -> str:
    """What to say when the answers' store does not answer."""
    return _(
        "The store for answer files does not answer. Nothing was taken or charged: send it again in a minute."
    )


def deed(page: str, *keys: str) -> Callable[[Deed[Names]], View]:
    """A view that does one thing on POST and then leads back to the page of that URL name and keys.

    Whoever opens its address with GET, as after signing in or from a bookmark, is led to the page, and nothing is done.
    Who is not signed in comes to the page after signing in. A refusal stands above the page; where only an owner
    may, the answer is 403. The view may return None for the plain way back.
    """

    def decorate(view: Deed[Names]) -> View:
        @wraps(view)
        def answer(request: HttpRequest, *args: Names.args, **names: Names.kwargs) -> HttpResponse:
            back = reverse(page, args=[names[key] for key in keys])
            if not request.user.is_authenticated:
                return redirect_to_login(back)
            if request.method != "POST":
                return see_other(back)
            try:
                answered = view(request, *args, **names)
            except Refusal as refusal:
                if refusal.code == "not-owner":
                    raise PermissionDenied(sentence(refusal)) from refusal
                notices.error(request, sentence(refusal))
                answered = None
            return answered or see_other(back)

        return require_http_methods(["GET", "HEAD", "POST"])(answer)

    return decorate


def see_other(url: str) -> HttpResponseRedirect:
    """Lead on with GET, whatever came."""
    return HttpResponseRedirect(url, status=303)


def person(request: HttpRequest) -> User:
    """Who is signed in; the view has seen to it that somebody is."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user
