"""Whoever loads settings has the Celery application too, so that ``task.delay`` finds the broker."""

from config import celery as celery
