"""Count what came of a replay once, when it is over; until then it is looked at by the clock."""

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # indexes are built while the table is used

    dependencies = [
        ('webhooks', '0007_formats'),
    ]

    operations = [
        migrations.AddField(
            model_name='replay',
            name='delivered',
            field=models.PositiveIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='replay',
            name='failed',
            field=models.PositiveIntegerField(null=True),
        ),
        AddIndexConcurrently(
            model_name='replay',
            index=models.Index(condition=models.Q(('delivered', None)), fields=['created_at'], name='replay_under_way'),
        ),
        RemoveIndexConcurrently(
            model_name='replay',
            name='replay_unfinished',
        ),
    ]
