"""Taobao / Tmall open platform (TOP): gateway, trades, shipping, receivers, tokens."""
