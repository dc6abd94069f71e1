"""Addresses of customer care; each part has its own name space."""

from django.urls import include, path

from orders.care.views import board, quick, track

quick_urls = ([path("", quick.form, name="form")], "quick")
board_urls = (
    [path("urgent/", board.urgent, name="urgent"), path("urgent/rows/", board.rows, name="rows")],
    "board",
)
track_urls = (
    [
        path("", track.find, name="find"),
        path("order/", track.order, name="order"),
        path("order/address/", track.address, name="address"),
        path("order/return/", track.send_back, name="return"),
        path("order/<slug:verb>/", track.act, name="act"),
        path("photo/<str:signed>/", track.photo, name="photo"),
    ],
    "track",
)
urlpatterns = [
    path("quick-order/", include(quick_urls)),
    path("board/", include(board_urls)),
    path("track/", include(track_urls)),
]
