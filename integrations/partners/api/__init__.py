"""Partners set up their webhooks over HTTP."""
