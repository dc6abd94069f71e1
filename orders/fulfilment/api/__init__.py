"""Shipments over HTTP."""
