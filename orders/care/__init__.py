"""Caring for customers: urgent orders, the customer's own page, the desk of customer service."""
