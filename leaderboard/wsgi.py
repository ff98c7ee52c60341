"""The site as a WSGI application, for gunicorn."""

import os

from django.core.wsgi import get_wsgi_application

# Whoever serves pages may not read truth, even where nobody has said so.
os.environ.setdefault("VERNIER_ROLE", "web")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "leaderboard.settings")
application = get_wsgi_application()
