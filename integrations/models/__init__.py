"""Tables of everything outside: notices, robots, parcels that are followed, incoming calls."""

from integrations.models.messaging import (
    Notice,
    NoticeCause,
    NoticeLevel,
    NoticeRead,
    Robot,
    RobotMessage,
)
from integrations.models.tracking import InboundCall, TrackingAccount, TrackingSubscription

__all__ = [
    "InboundCall",
    "Notice",
    "NoticeCause",
    "NoticeLevel",
    "NoticeRead",
    "Robot",
    "RobotMessage",
    "TrackingAccount",
    "TrackingSubscription",
]
