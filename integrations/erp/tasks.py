"""What the workers run for the ERP. Thin: each can run twice, at once or again."""

from __future__ import annotations

from datetime import time, timedelta

import structlog
from django.utils.translation import gettext as _

from integrations.erp.accounts import active_account
from integrations.erp.checks import CHECKER, ErpSilent, check_erp
from integrations.messaging.notices import notify
from integrations.models import ErpCheck, NoticeLevel
from ordercenter.core import moments

log = structlog.get_logger(__name__)

# Yesterday is checked from this time of the day on: what was paid late is in the books by then.
CHECK_FROM = time(8, 30)
FINANCE_ROLE = "finance"


def check_yesterday() -> int:
    """Yesterday was compared with the ERP once, by itself; how many checks were made now.

    An ERP that does not answer is asked again with the next run; finance hears of it once a day.
    """
    account = active_account()
    local = moments.now().astimezone(moments.SHANGHAI)
    day = local.date() - timedelta(days=1)
    if account is None or not account.checks or local.time() < CHECK_FROM:
        return 0
    if ErpCheck.objects.filter(day=day, is_scheduled=True).exists():
        return 0
    try:
        return int(check_erp(day, actor=CHECKER, is_scheduled=True) is not None)
    except ErpSilent as silence:
        log.warning("erp_check_failed", day=str(day), reason=str(silence))
        notify(
            role=FINANCE_ROLE,
            kind="erp.check_failed",
            level=NoticeLevel.WARN,
            title=_("The ERP check of %(day)s could not be made yet") % {"day": day},
            text=str(silence),
            link="/admin/integrations/erpcheck/",
            cause=f"erp_check_failed:{day}",
        )
        return 0
