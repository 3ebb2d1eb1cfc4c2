"""What the event log says about a merchant's business: one row per invoice, summed up in any calendar."""
