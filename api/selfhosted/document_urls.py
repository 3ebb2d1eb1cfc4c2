"""The URLs that the document describes, with their prefix."""

from django.urls import include, path

from api.selfhosted.urls import resources

urlpatterns = [path("selfhosted/", include((resources, "selfhosted")))]
