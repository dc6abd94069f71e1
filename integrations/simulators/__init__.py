"""Stand-ins for the outside systems, as one real HTTP server process.

They speak the wire protocols of Taobao TOP, Kuaidi100, the WeCom group robot, WeChat Pay, Alipay
and Kingdee, receive partners' webhooks, enforce the systems' rules (signatures, windows, limits,
state machines), keep state and inject faults on demand. Nothing here imports Django or an
adapter: signing and masking are written a second time on purpose, so that a mistake in one does
not hide in the other.

Start it with ``python -m integrations.simulators``; tests use
:func:`integrations.simulators.testing.running_simulator`.
"""
