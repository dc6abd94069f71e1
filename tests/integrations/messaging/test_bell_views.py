"""The bell's addresses."""

import json

import pytest
from django.contrib.sessions.models import Session
from django.test import Client, RequestFactory
from django.urls import path

from integrations.messaging import views
from integrations.messaging.notices import notify
from integrations.models import Notice
from ordercenter.core.models import User

pytestmark = pytest.mark.django_db

# The console hangs the views where it wants them; here they are by themselves.
urlpatterns = [path("bell/", views.notices)]


def ask(user, **headers):
    request = RequestFactory().get("/bell/", headers=headers)
    request.user = user
    return views.notices(request)


def mark(user, body):
    data = body if isinstance(body, (str, bytes)) else json.dumps(body)
    request = RequestFactory().post("/bell/read/", data, content_type="application/json")
    request.user = user
    return views.mark_notices_read(request)


def test_tells_what_is_unread_and_304_while_it_is_the_same(clerk):
    notify(role="cs", kind="order.new", title="新订单 OC1", text="加急", link="/o/1/")

    first = ask(clerk)
    second = ask(clerk, if_none_match=first["ETag"])
    notify(role="cs", kind="order.new", title="新订单 OC2", group_title="%(count)s 个")
    third = ask(clerk, if_none_match=first["ETag"])

    body = json.loads(first.content)
    assert (body["count"], body["label"]) == (1, "1")
    assert body["notices"][0] | {"id": 0, "at": ""} == {
        "id": 0,
        "kind": "order.new",
        "level": "info",
        "title": "新订单 OC1",
        "text": "加急",
        "link": "/o/1/",
        "count": 1,
        "at": "",
    }
    assert (second.status_code, second.content) == (304, b"")
    assert third.status_code == 200
    assert "private" in first["Cache-Control"]


def test_two_people_never_share_an_etag(clerk):
    other = User.objects.create_user("other", is_staff=True)

    assert ask(clerk)["ETag"] != ask(other)["ETag"]


def test_only_staff_may_ask():
    customer = User.objects.create_user("customer")

    assert ask(customer).status_code == 403
    assert mark(customer, {"all": True}).status_code == 403


def test_marks_the_shown_notices(clerk):
    notify(role="cs", kind="order.new", title="1")
    notice = Notice.objects.get()

    answer = mark(clerk, {"seen": {str(notice.pk): 1}})

    assert json.loads(answer.content) == {"marked": 1}
    assert json.loads(ask(clerk).content)["count"] == 0


def test_marks_all(clerk):
    notify(role="cs", kind="order.new", title="1")
    notify(role="cs", kind="stock.low", title="2")

    assert json.loads(mark(clerk, {"all": True}).content) == {"marked": 2}


@pytest.mark.parametrize(
    "body",
    [
        "",
        "[]",
        "{",
        "[" * 100_000,
        {"seen": []},
        {"seen": {"x": 1}},
        {"seen": {"1": True}},
        {"seen": {"1": -1}},
        {"seen": {str(2**70): 1}},
        {"seen": {"1": 1.5}},
        {"all": "yes"},
    ],
)
def test_says_what_it_does_not_understand(clerk, body):
    assert mark(clerk, body).status_code == 422


def test_polling_does_not_keep_anybody_signed_in(clerk, settings):
    settings.ROOT_URLCONF = __name__
    client = Client()
    client.force_login(clerk)
    before = Session.objects.values("session_data", "expire_date").get()

    response = client.get("/bell/")

    assert response.status_code == 200
    assert Session.objects.values("session_data", "expire_date").get() == before
    assert "sessionid" not in response.cookies
