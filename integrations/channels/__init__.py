"""One package per channel: its client, and version 1 of its field mapping."""
