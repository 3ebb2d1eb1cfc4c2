"""The first password of somebody who was mailed a link to it: whoever opened a merchant by the API."""

from django.contrib.auth.forms import SetPasswordForm
from django.contrib.auth.views import PasswordResetConfirmView
from django.http import HttpResponse
from django.urls import reverse_lazy

from merchants.services import confirm_address


class FirstPasswordView(PasswordResetConfirmView):
    """Django's own, which also notes that the person reads their address."""

    template_name = "registration/choose_password.html"
    success_url = reverse_lazy("dashboard:password_chosen")

    def form_valid(self, form: SetPasswordForm) -> HttpResponse:
        """Save the password; the link came by mail, so the address is theirs."""
        answer = super().form_valid(form)
        confirm_address(user=form.user)
        return answer
