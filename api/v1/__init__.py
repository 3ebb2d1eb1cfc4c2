"""The native API, version 1: its URLs, its words, its error envelope."""
