"""URLs of webhooks and of the event log."""

from django.urls import path

from api.v1.views import events, webhooks

urlpatterns = [
    path("webhook-endpoints", webhooks.WebhookEndpoints.as_view()),
    path("webhook-endpoints/<str:endpoint_id>", webhooks.WebhookEndpointDetail.as_view()),
    path("webhook-endpoints/<str:endpoint_id>/test", webhooks.WebhookEndpointTest.as_view()),
    path("webhook-endpoints/<str:endpoint_id>/rotate-secret", webhooks.WebhookEndpointSecret.as_view()),
    path("webhook-endpoints/<str:endpoint_id>/replay", webhooks.WebhookReplay.as_view()),
    path("webhook-endpoints/<str:endpoint_id>/replays", webhooks.WebhookReplays.as_view()),
    path("webhook-endpoints/<str:endpoint_id>/replays/<str:replay_id>", webhooks.WebhookReplayDetail.as_view()),
    path("webhook-endpoints/<str:endpoint_id>/deliveries", webhooks.WebhookDeliveries.as_view()),
    path("webhook-endpoints/<str:endpoint_id>/deliveries/<str:delivery_id>", webhooks.WebhookDeliveryDetail.as_view()),
    path(
        "webhook-endpoints/<str:endpoint_id>/deliveries/<str:delivery_id>/redeliver",
        webhooks.WebhookRedelivery.as_view(),
    ),
    path("webhook-deliveries", webhooks.WebhookAllDeliveries.as_view()),
    path("webhook-deliveries/<str:delivery_id>/redeliver", webhooks.WebhookAnyRedelivery.as_view()),
    path("events", events.EventList.as_view()),
    path("events/<str:event_id>", events.EventDetail.as_view()),
]
