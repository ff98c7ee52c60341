from django.db import migrations, models


def move(apps, schema_editor):
    Webhook = apps.get_model("submissions", "Webhook")
    for webhook in Webhook.objects.exclude(old_secret="").exclude(old_secret_until=None):
        webhook.old_secrets = [(webhook.old_secret, webhook.old_secret_until.isoformat())]
        webhook.save(update_fields=["old_secrets"])


class Migration(migrations.Migration):

    dependencies = [
        ("submissions", "0033_families_of_tokens_that_are_there"),
    ]

    operations = [
        migrations.AddField(
            model_name="webhook",
            name="old_secrets",
            field=models.JSONField(default=list),
        ),
        migrations.RunPython(move, migrations.RunPython.noop),
    ]
