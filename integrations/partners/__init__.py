"""Partners hear by signed webhooks what happens to their orders (N1)."""
