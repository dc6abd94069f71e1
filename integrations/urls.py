"""Addresses that other systems call."""

from django.urls import path

from integrations.payments.views import alipay_notify, wechatpay_refund
from integrations.tracking.views import kuaidi100_push

urlpatterns = [
    path("hooks/kuaidi100/<str:token>/", kuaidi100_push, name="kuaidi100_push"),
    path("hooks/wechatpay/refund/", wechatpay_refund, name="wechatpay_refund"),
    path("hooks/alipay/notify/", alipay_notify, name="alipay_notify"),
]
