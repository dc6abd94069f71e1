"""What happens here is told to the channel the order came from."""
