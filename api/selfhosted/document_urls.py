"""The URLs that the document describes, as they are below the prefix and on the host of the format."""

from api.selfhosted.urls import resources

urlpatterns = resources
