"""The console has no tables. The module exists because Django tells only apps that have one of
the end of a migration, and then roles and schedules are written."""
