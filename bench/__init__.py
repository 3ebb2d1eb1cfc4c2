"""Benchmarks: they print figures and ratios measured in one run. Nothing here is a test."""
