"""The URLs below ``/embed/``: pay pages and payment links for the frames of merchants' sites."""

from django.urls import include, path

from paypages.links import link_page

urlpatterns = [
    # The same names in a second place: ``{% url %}`` on a page for frames leads to pages for frames.
    path("invoice/", include(("paypages.urls", "paypages"), namespace="embed")),
    path("l/<str:slug>", link_page, name="embed-link"),
]
