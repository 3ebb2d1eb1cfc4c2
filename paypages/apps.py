from django.apps import AppConfig


class PaypagesConfig(AppConfig):
    name = "paypages"
    default_auto_field = "django.db.models.BigAutoField"
