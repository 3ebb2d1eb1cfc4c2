"""The views of the self-hosted checkout's API; what they give and how to write one stands in ``api.base``."""

from api import base
from api.selfhosted.wire import SELFHOSTED


class MerchantView(base.MerchantView):
    """A view for merchants' programs."""

    wire = SELFHOSTED


class PublicView(base.PublicView):
    """A view for anybody, from any web page."""

    wire = SELFHOSTED


class NowhereView(base.NowhereView):
    """Whatever else is asked for below the format's prefix."""

    wire = SELFHOSTED
