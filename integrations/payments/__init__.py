"""Payment systems: money that goes back the way it came."""
