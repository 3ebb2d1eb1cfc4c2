"""Telling merchants' servers: endpoints, deliveries and attempts, fed by the event log."""
