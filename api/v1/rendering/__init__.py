"""From models to the JSON of the native API: pure functions, no query of their own, every amount exact."""
