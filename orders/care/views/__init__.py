"""Pages of customer care. They read input and show outcomes; actions do the work."""
