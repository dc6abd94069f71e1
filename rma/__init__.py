"""Goods that come back, and money that goes back."""
