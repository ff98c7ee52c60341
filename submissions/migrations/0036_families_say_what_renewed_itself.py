from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ("submissions", "0035_one_old_secret_no_more"),
    ]

    operations = [
        migrations.RemoveField(
            model_name="token",
            name="renewed_itself",
        ),
    ]
