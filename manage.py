#!/usr/bin/env python
"""Django's command line for Vernier."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line
from django.db import OperationalError, ProgrammingError


def main() -> None:
    """Run the command. What an operator can put right is said in a sentence; `--traceback` shows where it came from."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "leaderboard.settings")
    if "--traceback" in sys.argv:
        execute_from_command_line(sys.argv)
        return
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(f"manage.py: {error}")
    except (OperationalError, ProgrammingError) as error:
        from django.db import connection  # the settings can be read by now

        sys.exit(
            f"manage.py: the database {connection.settings_dict['NAME']} says: {str(error).strip()}\n"
            "Is it the site’s? A command needs the site’s environment: VERNIER_VAR on the embedded default, elsewhere "
            "VERNIER_DATABASE_URL and the rest (deploy/manage.sh has it). A new database needs manage.py migrate first."
        )


if __name__ == "__main__":
    main()
