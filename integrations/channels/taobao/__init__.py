"""Taobao and Tmall through the open platform's gateway (TOP)."""
