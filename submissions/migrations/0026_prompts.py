import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('submissions', '0025_pairs'),
    ]

    operations = [
        migrations.CreateModel(
            name='Knowledge',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('texts', models.JSONField()),
                ('sha256', models.CharField(max_length=64)),
                ('loaded_at', models.DateTimeField()),
                ('benchmark', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='knowledge', to='submissions.benchmark')),
            ],
        ),
        migrations.CreateModel(
            name='ImageTemplates',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('image', models.CharField(max_length=300)),
                ('random', models.JSONField(default=list)),
                ('similar', models.JSONField(default=list)),
                ('release', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='templates', to='submissions.release')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('release', 'image'), name='templates_once_an_image')],
            },
        ),
    ]
