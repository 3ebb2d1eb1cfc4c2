"""The customer's page: what to pay, where, how far it got. Decides nothing; shows facts and calls services."""
