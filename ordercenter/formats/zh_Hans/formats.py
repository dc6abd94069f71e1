"""2026-11-22 09:05: as the order card, the sheets and the invoices write it, and half as wide as
2026年11月22日."""

DATE_FORMAT = SHORT_DATE_FORMAT = "Y-m-d"
DATETIME_FORMAT = SHORT_DATETIME_FORMAT = "Y-m-d H:i"
# The first one is how a form shows a date; all are understood.
DATE_INPUT_FORMATS = ["%Y-%m-%d", "%Y/%m/%d", "%Y年%m月%d日"]
