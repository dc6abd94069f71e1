"""Messages of channels come in: kept word for word, then read by a mapping, then acted upon."""
