"""Partners' own systems, which hear webhooks of the order center."""
