"""The ERP in the admin: who sees what, uploads by POST, clear answers, nothing half-kept."""

import io
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import load_workbook

from integrations.erp.pushing import push_order
from integrations.models import ErpAccount, ErpCheck, ErpDocument, ErpPolicy, Mail
from ordercenter.console.roles import grant_roles
from ordercenter.core.moments import now
from tests.factories import UserFactory
from tests.integrations.erp.conftest import paid_order, today

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(db: None) -> Any:
    """Signs somebody of a role in."""
    grant_roles()

    def sign_in(role: str) -> Client:
        client = Client()
        client.force_login(UserFactory(roles=[role]))
        return client

    return sign_in


def url(page: str, *args: object) -> str:
    return reverse(f"admin:integrations_{page}", args=args)


def export(*lines: str) -> SimpleUploadedFile:
    body = "\n".join(["订单号,金额,退款金额", *lines]).encode("gbk")
    return SimpleUploadedFile("erp.csv", body, "text/csv")


def send(client: Client, file: SimpleUploadedFile | None, day: object = "") -> Any:
    data = {"day": str(day or today()), "_form_submitted": "1"}
    return client.post(url("erpcheck_upload"), data | ({"file": file} if file else {}))


def test_finance_uploads_and_sees_both_sides_and_the_lines(books, desk):
    order = paid_order()
    client = desk("finance")

    answer = send(client, export(f"{order.number},29.00,0", "KD-1,5.00,0"))

    check = ErpCheck.objects.get()
    assert answer.headers["Location"] == url("erpcheck_change", check.pk)
    page = client.get(answer.headers["Location"]).content.decode()
    for words in ("¥30.00", "¥29.00", "KD-1", "金额不符", "仅 ERP 有", "有差异"):
        assert words in page
    assert url("erpcheck_changelist") in client.get("/admin/").content.decode()
    assert "有差异" in client.get(url("erpcheck_changelist")).content.decode()


def test_a_bad_file_is_answered_in_the_dialog(books, desk):
    answer = send(desk("finance"), SimpleUploadedFile("x.csv", "甲,乙\n1,2".encode()))

    assert answer.status_code == 200
    assert "文件中找不到这些列" in answer.content.decode()
    assert not ErpCheck.objects.exists()


def test_looking_at_the_dialog_changes_nothing(books, desk):
    page = desk("finance").get(url("erpcheck_upload"))

    assert page.status_code == 200
    assert 'enctype="multipart/form-data"' in page.content.decode()
    assert not ErpCheck.objects.exists()


def test_asking_without_an_account_says_so(books, desk):
    answer = desk("finance").post(
        url("erpcheck_ask_erp"), {"day": str(today()), "_form_submitted": "1"}, follow=True
    )

    assert "没有启用的 ERP 账户" in answer.content.decode()


def test_finance_asks_the_erp(erp, desk):
    order = paid_order()
    erp.enter(order.number, "30.00")

    desk("finance").post(url("erpcheck_ask_erp"), {"day": str(today()), "_form_submitted": "1"})

    check = ErpCheck.objects.get()
    assert (check.result, check.source, check.source_name) == ("equal", "erp", "金蝶测试账套")


def test_the_workbook_comes_as_a_download(books, desk):
    order = paid_order()
    client = desk("finance")
    days = {"first": str(today()), "last": str(today())}

    answer = client.post(url("erpcheck_workbook"), days | {"_form_submitted": "1"})
    file = client.get(answer.headers["Location"])

    rows = list(load_workbook(io.BytesIO(b"".join(file))).active.values)
    assert "attachment" in file.headers["Content-Disposition"]
    assert [row[1] for row in rows[1:]] == [order.number] * 2


@pytest.mark.parametrize(
    "query",
    ["", "first=x&last=y", "first=2026-13-40&last=2026-01-01", "first=2026-01-02&last=2026-01-01"],
)
def test_a_workbook_of_no_days_is_not_there(books, desk, query):
    assert desk("finance").get(f"{url('erpcheck_file')}?{query}").status_code == 404


@pytest.mark.parametrize("role", ["cs", "warehouse", "sales", "logistics", "supervisor"])
def test_other_roles_see_nothing_of_it(books, desk, role):
    client = desk(role)
    days = f"?first={today()}&last={today()}"

    for page in ("erpcheck", "erpdocument", "erpaccount", "erppolicy", "mail", "mailroute"):
        assert client.get(url(f"{page}_changelist")).status_code == 403
    assert send(client, export()).status_code == 403
    assert client.get(url("erpcheck_file") + days).status_code == 403
    assert not ErpCheck.objects.exists()


def test_finance_changes_the_rule_but_not_the_account(erp, desk):
    client = desk("finance")
    rule = ErpPolicy.objects.get()

    client.post(
        url("erppolicy_change", rule.pk),
        {
            "tolerance": "1.25",
            "number_headers": "单号,外部单号",
            "amount_headers": "金额",
            "refund_headers": "",
            "date_headers": "",
        },
    )

    rule.refresh_from_db()
    assert (str(rule.tolerance), rule.number_headers) == ("1.25", ["单号", "外部单号"])
    assert client.get(url("erpaccount_change", erp.account.pk)).status_code == 403


def test_secrets_go_in_and_never_come_out(erp, desk):
    page = desk("admin").get(url("erpaccount_change", erp.account.pk)).content.decode()

    assert erp.account.name in page
    assert erp.account.credentials["app_secret"] not in page
    assert erp.account.credentials["app_id"] not in page


def test_an_account_is_off_until_somebody_switches_it_on(erp, desk):
    client = desk("admin")
    ErpAccount.objects.update(is_active=False)
    moment = f"{now() - timedelta(days=1):%Y-%m-%d}"
    given = {
        "system": "kingdee",
        "name": "正式账套",
        "base_url": erp.account.base_url,
        "credentials": '{"acct_id": "1", "user": "u", "app_id": "2_QUJD", "app_secret": "s"}',
        "options": '{"customer": "KH-1"}',
        "pushes": "on",
        "pushes_since_0": moment,
        "pushes_since_1": "08:00:00",
    }

    assert client.post(url("erpaccount_add"), given).status_code == 302
    account = ErpAccount.objects.get(name="正式账套")
    assert account.is_active is False
    client.post(url("erpaccount_switch_on", account.pk), {"_form_submitted": "1"})

    account.refresh_from_db()
    assert account.is_active is True
    wrong = client.post(url("erpaccount_add"), given | {"name": "B", "options": '{"custmer": "x"}'})
    assert "custmer" in wrong.content.decode()


def test_a_refused_document_is_pushed_again_by_a_button(erp, desk):
    order = paid_order()
    erp.fault("error", "Save", msg_code=11, message="客户未审核")
    push_order(order.pk)
    document = ErpDocument.objects.get()
    client = desk("finance")
    assert (
        "客户未审核" in client.get(url("erpdocument_changelist") + "?tab=refused").content.decode()
    )

    client.post(url("erpdocument_push_again", document.pk), {"_form_submitted": "1"})

    document.refresh_from_db()
    assert document.state == "waiting"


def test_a_failed_e_mail_is_sent_again_by_a_button(db, desk):
    mail = Mail.objects.create(
        cause="c", kind="k", address="a@example.cn", subject="s", body="第一行\n第二行",
        message_id="<1@x>", state="failed",
    )  # fmt: skip
    client = desk("admin")
    assert "第一行" in client.get(url("mail_change", mail.pk)).content.decode()

    client.post(url("mail_send_again", mail.pk), {"_form_submitted": "1"})

    mail.refresh_from_db()
    assert mail.state == "pending"


def test_a_list_of_checks_costs_the_same_for_thirty(books, desk):
    client = desk("finance")
    send(client, export("KD-1,5.00,0"))
    client.get(url("erpcheck_changelist"))

    with CaptureQueriesContext(connection) as one:
        client.get(url("erpcheck_changelist"))
    for _ in range(29):
        send(client, export("KD-1,5.00,0"))
    with CaptureQueriesContext(connection) as thirty:
        client.get(url("erpcheck_changelist"))

    assert ErpCheck.objects.count() == 30
    assert 0 < len(thirty) <= len(one)


def test_accounts_name_their_erp(desk):
    ErpAccount.objects.create(name="测试账套", base_url="https://example.com")

    page = desk("admin").get(url("erpaccount_changelist")).text

    assert "金蝶云星空" in page
    assert ">kingdee<" not in page
