"""Telling staff: the bell inside, the robots outside."""
