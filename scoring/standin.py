"""The stand-in benchmark and the published models' answers to it."""

from scoring.benchmarks.mmad.standin import mmad_json, rebuild
from scoring.benchmarks.mmad.tables import PublishedModel, published_models

__all__ = ["PublishedModel", "mmad_json", "published_models", "rebuild"]
