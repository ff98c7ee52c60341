"""The command line client of Vernier, a leaderboard for benchmarks whose answers stay hidden."""

__version__ = "0.1.0"
