"""Answer files: what they are, what is in them, and where they are wrong."""
