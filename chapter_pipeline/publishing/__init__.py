"""Versions and exports of finished chapters, and the sample library."""
