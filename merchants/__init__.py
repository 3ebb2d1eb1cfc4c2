"""Who: merchants, their members, API keys, wallets, plans and settings."""
