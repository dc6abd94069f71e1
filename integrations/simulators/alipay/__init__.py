"""支付宝: refunds and the payment's notices."""
