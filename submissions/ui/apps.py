from django.apps import AppConfig


class UiConfig(AppConfig):
    """Base template, components and static files that both page layers draw with."""

    name = "submissions.ui"
    label = "ui"
