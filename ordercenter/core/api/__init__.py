"""What every API of the house shares: reading input, preconditions, repeats, problems, pages."""
