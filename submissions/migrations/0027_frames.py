from django.db import migrations, models

from submissions import legal_steps


def install(apps, schema_editor):
    legal_steps.install(schema_editor.connection)


class Migration(migrations.Migration):

    dependencies = [
        ('submissions', '0026_prompts'),
    ]

    operations = [
        migrations.AddField(
            model_name='submission',
            name='frame',
            field=models.CharField(blank=True, db_default='', default='', max_length=20),
        ),
        # SQLite has made the table anew, and forgotten its triggers.
        migrations.RunPython(install, install),
    ]
