"""Following parcels: subscribed, told by callback, asked where nothing is heard."""
