"""The organizers' desk within Django's admin: rows are read there, and changed by named deeds alone."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlencode

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.functional import Promise

from submissions import askers
from submissions.askers import Asker
from submissions.pages import refused
from submissions.refusals import Refusal

Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that organizers do to one row: asked for on a page of its own, with what has to be said.

    `do` is called with the row, what the form holds and who does it, and may raise Refusal. Whoever may change rows of
    the model may do it, while `offered` says that there is something to do.
    """

    name: str
    label: str | Promise
    explanation: str | Promise
    done: str | Promise
    do: Callable[[Any, Mapping[str, Any], Asker], object]
    form: type[forms.Form] = forms.Form
    offered: Callable[[Any], bool] = lambda row: True
    initial: Callable[[Any], dict[str, Any]] = lambda row: {}


class Desk(admin.ModelAdmin[Row]):
    """Rows that come into being, change and end elsewhere, or by their deeds."""

    deeds: tuple[Deed, ...] = ()
    change_form_template = "submissions/desk/row.html"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Row | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Row | None = None) -> bool:
        return False

    def may_act(self, request: HttpRequest) -> bool:
        """Whether the person was given the right to change such rows."""
        return super().has_change_permission(request)

    def get_urls(self) -> list[URLPattern]:
        name = f"{self.opts.app_label}_{self.opts.model_name}_deed"
        view = self.admin_site.admin_view(self.deed_view)
        own = [path("<path:object_id>/deeds/<slug:deed>/", view, name=name)] if self.deeds else []
        return [*own, *super().get_urls()]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        row = self.get_object(request, object_id)
        offered = [deed for deed in self.deeds if row is not None and deed.offered(row)]
        deeds = [
            {"label": deed.label, "url": self._url(object_id, deed)}
            for deed in offered
            if self.may_act(request)
        ]
        return super().change_view(request, object_id, form_url, {"deeds": deeds, **(extra_context or {})})

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """What was done to the row stands in the log."""
        events = reverse("admin:submissions_event_changelist")
        asked = {"object_kind": self.opts.model_name, "object_key": object_id}
        return HttpResponseRedirect(f"{events}?{urlencode(asked)}")

    def deed_view(self, request: HttpRequest, object_id: str, deed: str) -> HttpResponse:
        """Ask for what has to be said, and do it."""
        if not self.may_act(request):
            raise PermissionDenied
        row = self.get_object(request, object_id)
        found = next((known for known in self.deeds if known.name == deed), None)
        if row is None or found is None:
            raise Http404
        form = found.form(request.POST if request.method == "POST" else None, initial=found.initial(row))
        if form.is_bound and form.is_valid():
            try:
                found.do(row, form.cleaned_data, askers.of(request))
            except Refusal as refusal:
                refused.into_form(form, refusal)
            else:
                messages.success(request, str(found.done))
                return HttpResponseRedirect(self._row_url(object_id))
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": found.label,
            "original": row,
            "deed": found,
            "form": form,
            "row_url": self._row_url(object_id),
        }
        status = 422 if form.errors else 200
        return TemplateResponse(request, "submissions/desk/deed.html", context, status=status)

    def _url(self, object_id: str, deed: Deed) -> str:
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}_deed"
        return reverse(name, args=[object_id, deed.name])

    def _row_url(self, object_id: str) -> str:
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[object_id])
