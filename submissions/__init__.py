"""Who sent what and what became of it."""
