"""Kuaidi100 (execution.md 5 and 8): client, signatures, codes and traces."""
