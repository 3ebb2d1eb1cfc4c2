"""What members chose to be mailed of, and the mails that they are owed."""

import core.ids
import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('merchants', '0012_logos'),
    ]

    operations = [
        migrations.AddField(
            model_name='member',
            name='notifications',
            field=models.JSONField(blank=True, default=dict),
        ),
        migrations.AddField(
            model_name='member',
            name='notifies_of_test',
            field=models.BooleanField(default=False),
        ),
        migrations.CreateModel(
            name='OwedMail',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('topic', models.CharField(max_length=20)),
                ('livemode', models.BooleanField()),
                ('event_id', models.UUIDField()),
                ('leased_until', models.DateTimeField(null=True)),
                ('sent_at', models.DateTimeField(null=True)),
                ('member', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='owed_mails', to='merchants.member')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('sent_at', None)), fields=['member', 'topic'], name='owedmail_waiting'), models.Index(models.F('member'), models.F('topic'), models.F('sent_at'), condition=models.Q(('sent_at__isnull', False)), name='owedmail_sent')],
                'constraints': [models.UniqueConstraint(fields=('member', 'event_id'), name='owedmail_once')],
            },
        ),
    ]
