"""The dashboard's URLs: choosing a password with the link from a mail, with Django's own views."""

from django.contrib.auth import views
from django.urls import URLPattern, path, reverse_lazy

app_name = "dashboard"

urlpatterns: list[URLPattern] = [
    path(
        "password/<uidb64>/<token>/",
        views.PasswordResetConfirmView.as_view(
            template_name="registration/choose_password.html", success_url=reverse_lazy("dashboard:password_chosen")
        ),
        name="password",
    ),
    path(
        "password/done/",
        views.PasswordResetCompleteView.as_view(template_name="registration/password_chosen.html"),
        name="password_chosen",
    ),
]
