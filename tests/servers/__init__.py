"""Real servers that tests start themselves: on loopback, on free ports, each in its own temporary folder."""
