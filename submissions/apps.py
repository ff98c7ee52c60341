from django.apps import AppConfig
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from submissions import metrics


class SubmissionsConfig(AppConfig):
    name = "submissions"
    verbose_name = _("Submissions")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Count together with the other web processes where somebody asks for the sum."""
        if settings.VERNIER_METRICS_TOKEN and settings.VERNIER_ROLE == "web":
            metrics.share(settings.VERNIER_METRICS_DIR)
