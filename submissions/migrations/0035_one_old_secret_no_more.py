from django.db import migrations


class Migration(migrations.Migration):
    # Apart from what moves them: PostgreSQL alters no table in a transaction that has changed its rows.

    dependencies = [
        ("submissions", "0034_secrets_of_webhooks"),
    ]

    operations = [
        migrations.RemoveField(
            model_name="webhook",
            name="old_secret",
        ),
        migrations.RemoveField(
            model_name="webhook",
            name="old_secret_until",
        ),
    ]
