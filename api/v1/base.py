"""The views of the native API; what they give and how to write one stands in ``api.base``."""

from api import base
from api.v1.wire import NATIVE


class ApiView(base.ApiView):
    """A view of the native API."""

    wire = NATIVE


class MerchantView(base.MerchantView):
    """A view for merchants' programs."""

    wire = NATIVE


class PublicView(base.PublicView):
    """A view for anybody, from any web page."""

    wire = NATIVE


class NowhereView(base.NowhereView):
    """Whatever else is asked for below /api/v1/."""

    wire = NATIVE
