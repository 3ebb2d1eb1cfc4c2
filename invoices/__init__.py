"""What is owed: invoices, their price and rate, their destination and their status."""
