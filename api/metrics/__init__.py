"""``GET /metrics``, for Prometheus; docs/monitoring.md says what each metric means and when it is worth an alarm."""
