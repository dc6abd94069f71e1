"""微信支付 APIv3: refunds and their notices."""
