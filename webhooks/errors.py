"""What can go wrong with webhooks. Each code has its section in docs/errors.md."""

from core.errors import Conflict, Invalid, NotFound


class EndpointNotFound(NotFound):
    code = "WEBHOOK_ENDPOINT_NOT_FOUND"
    message = "No such webhook endpoint."


class ReplayNotFound(NotFound):
    code = "WEBHOOK_REPLAY_NOT_FOUND"
    message = "No such replay."


class DeliveryNotFound(NotFound):
    code = "WEBHOOK_DELIVERY_NOT_FOUND"
    message = "No such webhook delivery."


class EndpointDisabled(Conflict):
    code = "WEBHOOK_ENDPOINT_DISABLED"
    message = "This endpoint is disabled. Enable it first."
    suggestions = ('PATCH the endpoint with {"enabled": true}',)


class UnsafeWebhookURL(Invalid):
    code = "INVALID_WEBHOOK_URL"
    message = "Webhooks cannot be sent to this URL."
    suggestions = (
        "Use a public https address",
        "For a receiver in your own network set OUTBOUND_ALLOWED_NETWORKS where the gateway runs",
    )


class UnknownEventType(Invalid):
    code = "UNKNOWN_EVENT_TYPE"
    message = "There is no such event."


class InvalidSetting(Invalid):
    code = "INVALID_WEBHOOK_SETTING"
    message = "This setting is out of range."


class InvalidPeriod(Invalid):
    code = "INVALID_REPLAY_PERIOD"
    message = "The period to replay is not valid."


class DeliveryOver(Conflict):
    code = "WEBHOOK_DELIVERY_OVER"
    message = "This delivery was made or given up before."


class AnotherTestUnderWay(Conflict):
    code = "WEBHOOK_TEST_UNDER_WAY"
    message = "Another test of this account still waits for its answer."


class NotYetReplayable(Conflict):
    code = "WEBHOOK_DELIVERY_PENDING"
    message = "This delivery is still under way and will be attempted by itself."
