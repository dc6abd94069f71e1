"""Chinese first; English for who chooses it."""

from datetime import date, datetime

from django.urls import reverse
from django.utils import formats, translation


def title(client, **headers):
    return client.get(reverse("admin:index"), headers=headers).context["title"]


def test_a_browser_of_another_language_reads_chinese(signed_in):
    assert title(signed_in("cs"), accept_language="en-US,en;q=0.9") == "待办"


def test_who_chooses_english_reads_english_and_can_go_back(signed_in):
    client = signed_in("cs")
    address = reverse("set_language")

    client.post(address, {"language": "en", "next": "/admin/"})
    assert title(client) == "To do"
    client.post(address, {"language": "zh-hans", "next": "/admin/"})
    assert title(client) == "待办"


def test_a_nonsense_choice_is_chinese(signed_in):
    client = signed_in("cs")
    client.cookies["django_language"] = "xx'\"<"

    assert title(client) == "待办"


def test_the_admins_own_scripts_speak_chinese(signed_in):
    texts = signed_in("admin").get(reverse("admin:jsi18n")).text

    assert '"Remove all %s": "\\u79fb\\u9664\\u5168\\u90e8%s"' in texts


def test_programs_are_answered_in_the_language_they_ask_for(client, db):
    chinese = client.get("/api/v1/orders/", headers={"accept-language": "zh-hans"}).json()
    english = client.get("/api/v1/orders/", headers={"accept-language": "en"}).json()

    assert chinese["code"] == english["code"]
    assert chinese != english


def test_dates_are_written_like_those_of_the_order_card():
    with translation.override("zh-hans"):
        assert formats.localize(date(2026, 11, 2)) == "2026-11-02"
        assert formats.localize(datetime(2026, 11, 2, 9, 5)) == "2026-11-02 09:05"
