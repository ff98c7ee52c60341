from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('submissions', '0023_rank_ranges'),
    ]

    operations = [
        migrations.AddField(
            model_name='report',
            name='commonest',
            field=models.FloatField(null=True),
        ),
        migrations.AddField(
            model_name='submission',
            name='commonest',
            field=models.FloatField(null=True),
        ),
        migrations.RemoveIndex(
            model_name='figure',
            name='figures_of_a_row',
        ),
        migrations.AddIndex(
            model_name='figure',
            index=models.Index(condition=models.Q(('shown', True)), fields=['submission', 'column', 'score', 'low', 'high', 'quoted'], name='figures_of_a_row'),
        ),
    ]
