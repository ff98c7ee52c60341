import pytest
from pytest_django.fixtures import SettingsWrapper

PLAIN = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}


@pytest.fixture(autouse=True)
def plain_static_files(settings: SettingsWrapper) -> None:
    """Static files under their own names: nothing has collected them."""
    settings.STORAGES = {**settings.STORAGES, "staticfiles": PLAIN}
