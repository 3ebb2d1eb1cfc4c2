"""People and their logins: our words, limits and rules around django-allauth, which does the work."""
