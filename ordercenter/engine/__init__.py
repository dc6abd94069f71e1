"""The engine room: database runner, supervisor, health and logs. It knows no order."""
