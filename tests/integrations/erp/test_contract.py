"""What every ERP adapter asks of an account."""

import pytest

from integrations.erp.kingdee.adapter import Kingdee
from integrations.erp.registry import ERPS
from ordercenter.core.errors import BadInput

GIVEN = {"acct_id": "1", "user": "u", "app_id": "2_QUJD", "app_secret": "s"}


@pytest.mark.parametrize("adapter", ERPS.built_in, ids=lambda adapter: adapter.key)
def test_each_of_ours_names_a_missing_credential(adapter):
    for name in adapter.needs:
        with pytest.raises(BadInput) as caught:
            adapter("", {k: v for k, v in GIVEN.items() if k != name}, {}).check()
        assert caught.value.details["fields"] == {"credentials": [name]}


@pytest.mark.parametrize(
    ("credentials", "options", "field"),
    [
        (GIVEN | {"sign_in": "magic"}, {}, "credentials"),
        (GIVEN | {"app_id": "2"}, {}, "credentials"),
        (GIVEN, {"custmer": "x"}, "options"),
        (GIVEN, {"sale": "SAL_OUTSTOCK"}, "options"),
    ],
)
def test_settings_that_can_not_work_are_refused_before_any_call(credentials, options, field):
    with pytest.raises(BadInput) as caught:
        Kingdee("", credentials, options).check()

    assert field in caught.value.details["fields"]
