"""Measurements, each a module that prints its figures."""

import os

# As in the workers; and the time that a second thread waits would count as spent.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
