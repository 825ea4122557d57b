"""The file catalogue of the Orrery Science Data Center."""
