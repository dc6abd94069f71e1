"""What Kingdee answers when it does not do what was asked: HTTP 200 and a `ResponseStatus`."""

from typing import Any

SESSION_LOST, NO_RIGHT, NO_ID, FAILED, NO_FORM, DATABASE = 1, 2, 3, 4, 5, 6
BAD_PARAMETER, MISSING, NOTHING, CHECK_FAILED, NOT_ALLOWED = 8, 9, 10, 11, 12
NETWORK_CONTROL, CALL_LIMIT = 13, 14


class Refused(Exception):
    """The call was not carried out; `field` names what it is about."""

    def __init__(self, code: int, message: str, field: str = "") -> None:
        super().__init__(message)
        self.code, self.message, self.field = code, message, field

    def status(self) -> dict[str, Any]:
        return {
            "ErrorCode": 500,
            "IsSuccess": False,
            "Errors": [{"FieldName": self.field or None, "Message": self.message, "DIndex": 0}],
            "SuccessEntitys": [],
            "SuccessMessages": [],
            "MsgCode": self.code,
        }

    def body(self) -> dict[str, Any]:
        """The envelope of Save, Submit, Audit, View and the like."""
        return {"Result": {"ResponseStatus": self.status()}}


def done(entities: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    """The envelope of success."""
    status = {
        "IsSuccess": True,
        "Errors": [],
        "SuccessEntitys": entities,
        "SuccessMessages": [],
        "MsgCode": 0,
    }
    return {"Result": {"ResponseStatus": status, **more}}
