"""支付宝 (execution.md 17)."""
