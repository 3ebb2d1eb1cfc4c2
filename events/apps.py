from django.apps import AppConfig


class EventsConfig(AppConfig):
    name = "events"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from core.rekeying import Place, also_rekey
        from events import outbox, sealing, stream
        from events.models import ChainHead, Cut

        outbox.after_dispatch(stream.announce)
        also_rekey(Place("heads of the audit log", ChainHead.objects.all, {"signature": sealing.signature_renewed}))
        also_rekey(Place("cuts of the audit log", Cut.objects.all, {"signature": sealing.signature_renewed}))
