"""Benchmarks from data alone: a folder with a `benchmark.toml`, questions and truth."""
