from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import F, Q


def ask(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """What an earlier scorer said has no intervals: the workers score it once more, as for a new release."""
    releases = apps.get_model("submissions", "Release").objects
    in_force = Q(pk=F("benchmark__current_release_id")) | Q(pk=F("benchmark__draft_release_id"))
    releases.filter(pk__in=releases.filter(in_force).values("pk")).update(rescoring=True)


class Migration(migrations.Migration):

    dependencies = [
        ('submissions', '0021_intervals'),
    ]

    operations = [
        migrations.RunPython(ask, migrations.RunPython.noop),
    ]
