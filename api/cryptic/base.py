"""The views of Cryptic's API; what they give and how to write one stands in ``api.base``."""

from api import base
from api.cryptic.wire import CRYPTIC


class MerchantView(base.MerchantView):
    """A view for merchants' programs."""

    wire = CRYPTIC


class PublicView(base.PublicView):
    """A view for anybody, from any web page."""

    wire = CRYPTIC


class NowhereView(base.NowhereView):
    """Whatever else is asked for below the format's prefix."""

    wire = CRYPTIC
