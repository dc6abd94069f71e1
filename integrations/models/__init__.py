"""Tables of everything outside: channels, notices, robots, followed parcels, incoming calls."""

from integrations.models.channels import ChannelAccount, MappingState, MappingVersion
from integrations.models.erp import (
    ErpAccount,
    ErpCheck,
    ErpCheckLine,
    ErpDocument,
    ErpPolicy,
)
from integrations.models.intake import ChannelOrder, Problem, RawMessage, RawState
from integrations.models.mail import Mail, MailRoute
from integrations.models.messaging import (
    Notice,
    NoticeCause,
    NoticeLevel,
    NoticeRead,
    Robot,
    RobotMessage,
)
from integrations.models.partners import PartnerDelivery, WebhookEndpoint
from integrations.models.payments import NoticeNonce, PaymentAccount
from integrations.models.tracking import InboundCall, TrackingAccount, TrackingSubscription
from integrations.models.write_back import ToldChannel, ToldState

__all__ = [
    "ChannelAccount",
    "ChannelOrder",
    "ErpAccount",
    "ErpCheck",
    "ErpCheckLine",
    "ErpDocument",
    "ErpPolicy",
    "InboundCall",
    "Mail",
    "MailRoute",
    "MappingState",
    "MappingVersion",
    "Notice",
    "NoticeCause",
    "NoticeLevel",
    "NoticeNonce",
    "NoticeRead",
    "PartnerDelivery",
    "PaymentAccount",
    "Problem",
    "RawMessage",
    "RawState",
    "Robot",
    "RobotMessage",
    "ToldChannel",
    "ToldState",
    "TrackingAccount",
    "TrackingSubscription",
    "WebhookEndpoint",
]
