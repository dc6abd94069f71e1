"""Addresses of customer care; each part has its own name space."""

from django.urls import include, path

from orders.care.views import board, quick

quick_urls = ([path("", quick.form, name="form")], "quick")
board_urls = (
    [path("urgent/", board.urgent, name="urgent"), path("urgent/rows/", board.rows, name="rows")],
    "board",
)
urlpatterns = [
    path("quick-order/", include(quick_urls)),
    path("board/", include(board_urls)),
]
