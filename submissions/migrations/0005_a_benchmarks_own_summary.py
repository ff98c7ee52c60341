from django.db import migrations, models


class Migration(migrations.Migration):
    """A benchmark of an organizer's own questions says itself what it is."""

    dependencies = [("submissions", "0004_counts_of_all_processes")]
    operations = [
        migrations.AddField(
            model_name="benchmark",
            name="summary",
            field=models.CharField(
                blank=True,
                help_text="One or two sentences for the first page and the API; empty: made from its rules.",
                max_length=500,
            ),
        ),
    ]
