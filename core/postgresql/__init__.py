"""Django's engine for PostgreSQL, with sessions that cost less for each request: ``ENGINE = "core.postgresql"``."""
