"""MMAD: industrial anomaly detection by multimodal models (ICLR 2025, arXiv 2410.09453)."""
