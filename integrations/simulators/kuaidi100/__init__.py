"""Kuaidi100: real-time query, subscription with pushes, carrier guess."""
