"""What the customer's pages can say."""
