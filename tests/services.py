"""Starts the real servers that tests run against; loaded as a pytest plugin before settings are read."""
