"""What members fill in about how their pages look."""

from typing import Any, Final

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from core.colours import DARK, LIGHT, fit
from core.errors import CheckoutError, SeveralInvalid
from core.pictures import Picture, UnreadablePicture, clean
from dashboard.forms import lines
from dashboard.settings_forms import SettingsForm
from merchants.branding import EMAIL_LENGTH, NAME_LENGTH, ORIGIN_LENGTH, ORIGINS
from merchants.models import Merchant
from merchants.services import MerchantChanges
from merchants.settings import LOGO_BOX, LOGO_BYTES, as_data_url

UPLOAD_BYTES: Final = 512_000
OURS: Final = "#2c49c9"  # --accent of static/core/base.css: no colour of the merchant's own
_SCHEMES: Final = [("light", _("Light")), ("dark", _("Dark"))]


class BrandingForm(SettingsForm):
    """How customers see the business. ``scheme`` is that of the preview."""

    display_name = forms.CharField(
        label=_("Name on your pages"),
        max_length=NAME_LENGTH,
        required=False,
        help_text=_("Empty: the name of your business."),
    )
    logo = forms.FileField(
        label=_("Logo"),
        required=False,
        help_text=_("PNG, JPEG or WebP, at most 500 kB. It is made to fit 480 × 160 pixels."),
        widget=forms.FileInput(attrs={"accept": "image/png,image/jpeg,image/webp"}),
    )
    remove_logo = forms.BooleanField(label=_("Remove the logo"), required=False)
    accent_color = forms.CharField(
        label=_("Colour of buttons and links"),
        max_length=7,
        widget=forms.TextInput(attrs={"type": "color"}),
        help_text=_("Where it could not be read it is made darker, on dark pages lighter."),
    )
    support_email = forms.EmailField(
        label=_("Address for questions"),
        max_length=EMAIL_LENGTH,
        required=False,
        help_text=_("Customers see “Questions? Write to …”. Empty: nothing."),
    )
    allowed_origins = forms.CharField(
        label=_("Sites that may embed your pages"),
        max_length=(ORIGIN_LENGTH + 2) * ORIGINS,
        required=False,
        help_text=_(
            "One per line, such as https://shop.example.com. Nobody else can show your payment pages within theirs. "
            "http://localhost works in test mode."
        ),
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false", "autocapitalize": "none"}),
    )
    scheme = forms.ChoiceField(
        label=_("Colours of the preview"), choices=_SCHEMES, required=False, widget=forms.RadioSelect
    )

    def __init__(self, request: HttpRequest, *, merchant: Merchant, may_change: bool) -> None:
        is_sent = request.method == "POST"
        super().__init__(request.POST if is_sent else None, merchant=merchant, may_change=may_change)
        self.files = request.FILES if is_sent else self.files
        self.initial["scheme"] = "light"
        if not merchant.settings.get("logo"):
            del self.fields["remove_logo"]

    def values_of(self, merchant: Merchant, own: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG002 - the settings say it
        """Return what is set; our colour where none is."""
        looks = own["branding"]
        return {
            "display_name": looks["display_name"],
            "accent_color": looks["accent_color"] or OURS,
            "support_email": looks["support_email"],
            "allowed_origins": "\n".join(looks["allowed_origins"]),
        }

    def clean_logo(self) -> Picture | None:
        """Return the picture, drawn anew."""
        upload = self.cleaned_data["logo"]
        if not isinstance(upload, UploadedFile):
            return None
        if upload.size is None or upload.size > UPLOAD_BYTES:
            raise forms.ValidationError(_("This file is too large. Save it smaller, at most 500 kB."))
        try:
            return clean(upload.read(), box=LOGO_BOX, limit=LOGO_BYTES)
        except UnreadablePicture:
            raise forms.ValidationError(
                _("This is no PNG, JPEG or WebP that can be read. Of an SVG, save a PNG.")
            ) from None

    def clean_allowed_origins(self) -> str:
        """Return the origins as they are kept: one per line."""
        return "\n".join(lines(self.cleaned_data["allowed_origins"]))

    def changes(self) -> MerchantChanges:
        """Return what differs, as the API takes it."""
        looks = self.changed()
        if looks.get("accent_color") == OURS:
            looks["accent_color"] = None
        if "allowed_origins" in looks:
            looks["allowed_origins"] = looks["allowed_origins"].splitlines()
        settings: dict[str, Any] = {"branding": looks} if looks else {}
        if self.cleaned_data["logo"]:
            settings["logo"] = as_data_url(self.cleaned_data["logo"])
        elif self.cleaned_data.get("remove_logo"):
            settings["logo"] = None
        return MerchantChanges(settings=settings, seen_at=self.seen())

    def refuse(self, refusal: CheckoutError) -> None:
        """Write down what was found wrong; of the list of sites, which line it is."""
        given = self.cleaned_data["allowed_origins"].splitlines()
        for failure in refusal.failures if isinstance(refusal, SeveralInvalid) else (refusal,):
            name, _bracket, place = (failure.field or "").rpartition(".")[2].partition("[")
            line = f"{given[int(place[:-1])]}: " if place else ""
            self.add_error(name if name in self.fields else None, f"{line}{failure.detail}")


def corrected(colour: str) -> tuple[str, str] | None:
    """Return what becomes of ``colour`` on light and on dark pages; None when it can be read on light ones as it is."""
    light, dark = fit(colour, LIGHT).accent, fit(colour, DARK).accent
    return (light, dark) if light != colour else None
