from django.apps import AppConfig


class UiConfig(AppConfig):
    name = "submissions.ui"
    label = "ui"
