"""What every other package stands on: money, ids, errors, the doors in and out. No business words."""
