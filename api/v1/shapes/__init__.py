"""What requests about invoices and money may hold, and what the answers do: checked and documented from one place."""
