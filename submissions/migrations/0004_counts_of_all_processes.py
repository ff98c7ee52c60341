from django.core.management import call_command
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

TABLE = "vernier_cache"


def make(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    # Django's own command knows the table's shape; a table that is there already is left alone.
    call_command("createcachetable", TABLE, database=schema_editor.connection.alias, verbosity=0)


def remove(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    schema_editor.execute(f"DROP TABLE {schema_editor.quote_name(TABLE)}")


class Migration(migrations.Migration):
    """The table of the cache that all processes share."""

    dependencies = [("submissions", "0003_only_shown_scores_rank_in_either_division")]
    operations = [migrations.RunPython(make, remove)]
