"""What the days come to: daily sums kept by events, and the rows behind each number."""
