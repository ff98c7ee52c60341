import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('submissions', '0024_commonest_answers'),
    ]

    operations = [
        migrations.CreateModel(
            name='Pair',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('body', models.JSONField(default=dict)),
                ('fault', models.CharField(blank=True, max_length=40)),
                ('asked_at', models.DateTimeField()),
                ('computed_at', models.DateTimeField(null=True)),
                ('due', models.BooleanField(default=True)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('not_before', models.DateTimeField(null=True)),
                ('first', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='submissions.submission')),
                ('release', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='submissions.release')),
                ('second', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='submissions.submission')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('due', True)), fields=['asked_at'], name='pairs_due'), models.Index(fields=['asked_at'], name='pairs_by_use')],
                'constraints': [models.UniqueConstraint(fields=('release', 'first', 'second'), name='one_pair_a_release'), models.CheckConstraint(condition=models.Q(('first__lt', models.F('second'))), name='pair_is_in_order'), models.CheckConstraint(condition=models.Q(('due', True), ('computed_at__isnull', False), _connector='OR'), name='pair_is_due_or_computed')],
            },
        ),
    ]
