"""The site as a WSGI application, for gunicorn."""

import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

# Whoever serves pages may not read truth, even where nobody has said so.
os.environ.setdefault("VERNIER_ROLE", "web")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "leaderboard.settings")
application = get_wsgi_application()
# Imported before gunicorn forks: its workers share it, and nobody's first page waits for it.
get_resolver().url_patterns  # noqa: B018
