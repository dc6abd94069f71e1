"""Addresses of customer care; each part has its own name space."""

from django.urls import include, path

from orders.care.views import board, desk, quick, track

quick_urls = ([path("", quick.form, name="form")], "quick")
board_urls = (
    [path("urgent/", board.urgent, name="urgent"), path("urgent/rows/", board.rows, name="rows")],
    "board",
)
desk_urls = (
    [
        path("", desk.desk, name="desk"),
        path("inquiries/<int:pk>/answer/", desk.answer, name="answer"),
        path("orders/<int:pk>/inquiry/", desk.note, name="note"),
    ],
    "desk",
)
track_urls = (
    [
        path("", track.find, name="find"),
        path("order/", track.order, name="order"),
        path("order/address/", track.address, name="address"),
        path("order/return/", track.send_back, name="return"),
        path("order/return/<int:pk>/posted/", track.post, name="post"),
        path("order/<slug:verb>/", track.act, name="act"),
        path("photo/<str:signed>/", track.photo, name="photo"),
    ],
    "track",
)
urlpatterns = [
    path("quick-order/", include(quick_urls)),
    path("board/", include(board_urls)),
    path("desk/", include(desk_urls)),
    path("track/", include(track_urls)),
]
