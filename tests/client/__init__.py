"""The command line client, run as a process against servers that answer, refuse, and break."""
