"""How to talk to a blockchain: networks, assets, addresses, and a reader for each family."""
