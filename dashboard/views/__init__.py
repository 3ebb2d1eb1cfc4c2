"""The merchant's pages, one file per subject."""
