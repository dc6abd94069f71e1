"""微信支付 APIv3 (execution.md 16)."""
