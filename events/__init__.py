"""What happened: an append-only log that is also the outbox."""
