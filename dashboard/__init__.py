"""The merchant's own pages."""
