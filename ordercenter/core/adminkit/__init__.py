"""What every room's admin is made of: buttons that call actions, stories, keyset lists, looks.

Nothing here knows an order. Rooms register their words (`story`) and declare their buttons.
"""
