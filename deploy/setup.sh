#!/bin/sh
# Bring database, static files and first data up to date, as an organizer: before the first start and after every update.
set -eu
cd "$(dirname "$0")/.."
.venv/bin/python manage.py migrate --no-input
.venv/bin/python manage.py collectstatic --no-input --verbosity 0
.venv/bin/python manage.py load_first_data
