"""Access to channels: secrets go in and never come out; every change is on the story."""

import json

import pytest
from django.urls import reverse

from integrations.models import ChannelAccount
from ordercenter.core.models import Event
from tests.factories import ShopFactory

SECRET = {"app_key": "12345678", "app_secret": "hush-hush", "session": "s3ss10n"}


@pytest.fixture
def account(db):
    return ChannelAccount.objects.create(
        shop=ShopFactory(), adapter="taobao", base_url="http://127.0.0.1:9", credentials=SECRET
    )


def save(client, account, **changes):
    body = {
        "seen_version": account.version,
        "shop": account.shop_id,
        "adapter": account.adapter,
        "base_url": account.base_url,
        "credentials": "",
        "options": "{}",
        "interval_minutes": account.interval_minutes,
        "overlap_minutes": account.overlap_minutes,
    }
    address = reverse("admin:integrations_channelaccount_change", args=[account.pk])
    return client.post(address, body | changes)


@pytest.mark.parametrize("role", ["root", "supervisor"])
def test_no_page_shows_a_secret(role, account, signed_in):
    address = reverse("admin:integrations_channelaccount_change", args=[account.pk])

    text = signed_in(role).get(address).content.decode()

    assert account.shop.name in text
    for value in SECRET.values():
        assert value not in text


def test_an_empty_field_keeps_the_secret(account, signed_in):
    save(signed_in("root"), account, interval_minutes=15)

    account.refresh_from_db()
    assert (account.interval_minutes, account.credentials) == (15, SECRET)


def test_a_new_secret_replaces_the_old_and_its_value_is_told_nowhere(account, signed_in):
    save(signed_in("root"), account, credentials=json.dumps({"app_secret": "new-secret"}))

    account.refresh_from_db()
    assert account.credentials == {"app_secret": "new-secret"}
    event = Event.objects.get(stream=account.stream, kind="channel_account.edited")
    assert event.changes == {"credentials": ["***", "***"]}
    assert "new-secret" not in json.dumps(event.data)


@pytest.mark.parametrize("text", ["not json", "[1]", '"x"'])
def test_nonsense_is_no_secret(text, account, signed_in):
    answer = save(signed_in("root"), account, credentials=text)

    assert answer.context["adminform"].form.errors["credentials"]
    account.refresh_from_db()
    assert account.credentials == SECRET


def test_a_page_that_is_out_of_date_is_not_saved_over_a_newer_version(account, signed_in):
    client = signed_in("root")
    save(client, account, interval_minutes=15)

    answer = save(client, account, interval_minutes=30)

    assert answer.status_code == 200
    account.refresh_from_db()
    assert account.interval_minutes == 15


def test_a_channel_is_paused_with_a_reason_and_resumed(account, signed_in):
    client = signed_in("root")
    address = reverse("admin:integrations_channelaccount_pause", args=[account.pk])

    client.post(address, {"_form_submitted": "on", "seen": account.version, "reason": "授权过期"})

    account.refresh_from_db()
    assert (account.is_paused, account.pause_reason) == (True, "授权过期")
    address = reverse("admin:integrations_channelaccount_resume", args=[account.pk])
    client.post(address, {"_form_submitted": "on", "seen": account.version})
    account.refresh_from_db()
    assert account.is_paused is False


def test_filling_back_needs_a_range_in_order(account, signed_in):
    address = reverse("admin:integrations_channelaccount_fill_back", args=[account.pk])
    body = {"since": "2026-11-20T10:00", "until": "2026-11-20T09:00"}

    answer = signed_in("root").post(address, {"_form_submitted": "on", **body})

    assert answer.context["form"].errors["until"] == ["结束时间须晚于开始时间。"]


def test_the_progress_of_a_pull_is_told_in_words_and_shanghai_time(account, signed_in):
    account.progress = {
        "kind": "pull",
        "since": "2026-11-22T13:14:54+00:00",
        "until": "2026-11-22T13:21:54+00:00",
        "counts": {"stored": 3, "applied": 2, "quarantined": 0},
        "complete": True,
    }
    account.save(update_fields=["progress"])
    address = reverse("admin:integrations_channelaccount_change", args=[account.pk])

    page = signed_in("root").get(address).text

    assert "从 2026-11-22 21:14；到 2026-11-22 21:21；消息 3；已处理 2<" in page
