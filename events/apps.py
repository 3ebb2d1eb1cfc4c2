from django.apps import AppConfig


class EventsConfig(AppConfig):
    name = "events"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from core.rekeying import Place, also_rekey
        from events import outbox, redacting, sealing, stream
        from events.models import ChainHead, Cut, Redaction

        outbox.after_dispatch(stream.announce)
        also_rekey(Place("heads of the audit log", ChainHead.objects.all, {"signature": sealing.signature_renewed}))
        also_rekey(Place("cuts of the audit log", Cut.objects.all, {"signature": sealing.signature_renewed}))
        of_redactions = {"signature": redacting.signature_renewed}
        also_rekey(Place("redactions of the audit log", Redaction.objects.all, of_redactions))
