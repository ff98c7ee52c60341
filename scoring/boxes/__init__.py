"""Benchmarks whose answers say whether an image is anomalous, and in which boxes."""
