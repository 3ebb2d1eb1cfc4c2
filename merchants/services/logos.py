"""A logo from its setting to the row that pages are served from."""

import hashlib

from merchants.models import Logo, Merchant
from merchants.settings import MerchantSettings, picture_in


def keep_logo(merchant: Merchant) -> None:
    """Draw the logo of ``merchant`` for its pages, or forget it. Part of the transaction that changed the setting."""
    picture = picture_in(MerchantSettings.of(merchant).logo)
    if picture is None:
        Logo.objects.filter(merchant=merchant).delete()
        return
    Logo.objects.update_or_create(
        merchant=merchant,
        defaults={
            "digest": hashlib.sha256(picture.content).hexdigest(),
            "media_type": picture.media_type,
            "content": picture.content,
            "width": picture.width,
            "height": picture.height,
        },
    )
