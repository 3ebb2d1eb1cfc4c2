"""What arrived: scanning, matching, confirmations, reorgs, the review inbox, refunds."""
