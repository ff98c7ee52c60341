from django.db import migrations


def fill(apps, schema_editor):
    """Name the first of each row of tokens that renewed themselves; who was renewed has the smaller key."""
    Token = apps.get_model("submissions", "Token")
    renewed = Token.objects.filter(renewed_itself=True, replaces__isnull=False).order_by("pk")
    families = {}
    for key, before in renewed.values_list("pk", "replaces"):
        families[key] = families.get(before, before)
        Token.objects.filter(pk=key).update(family=families[key])


class Migration(migrations.Migration):

    dependencies = [
        ("submissions", "0032_token_families"),
    ]

    operations = [
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
