"""What went wrong on the way to a partner: codes that are stored, words that people read."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

TIMEOUT = "timeout"
CONNECTION_REFUSED = "connection_refused"
NO_CONNECTION = "no_connection"
UNKNOWN_HOST = "unknown_host"
CERTIFICATE = "certificate"
TLS = "tls"
UNREADABLE = "unreadable_answer"
NOT_PUBLIC = "not_public"
NOT_HTTPS = "not_https"
BAD_ADDRESS = "bad_address"
OUR_FAULT = "our_fault"
SENDER_DIED = "sender_died"
NO_SCOPE = "no_scope"
NOT_THEIR_SHOP = "not_their_shop"
NOT_FOR_PARTNERS = "not_for_partners"
GONE = "gone"
TOO_LONG = "not_reached_for_days"
OFF_BY_HAND = "switched_off"
_STATUS = "http_"

SENTENCES: dict[str, str | Promise] = {
    TIMEOUT: gettext_lazy("No answer within ten seconds."),
    CONNECTION_REFUSED: gettext_lazy("The connection was refused."),
    NO_CONNECTION: gettext_lazy("There was no connection."),
    UNKNOWN_HOST: gettext_lazy("The host name is not known."),
    CERTIFICATE: gettext_lazy("The certificate is not trusted."),
    TLS: gettext_lazy("The encrypted connection failed."),
    UNREADABLE: gettext_lazy("The answer was no HTTP."),
    NOT_PUBLIC: gettext_lazy("The address is not on the public internet."),
    NOT_HTTPS: gettext_lazy("The address must begin with https://."),
    BAD_ADDRESS: gettext_lazy(
        "This is no web address, or it holds a user name, a password or a fragment."
    ),
    OUR_FAULT: gettext_lazy("A fault of ours; it is in the log."),
    SENDER_DIED: gettext_lazy("Every attempt ended with the death of the sender."),
    NO_SCOPE: gettext_lazy("No valid key of the partner may read orders."),
    NOT_THEIR_SHOP: gettext_lazy("The order's shop is not the partner's any more."),
    NOT_FOR_PARTNERS: gettext_lazy("Partners don't read events of this kind."),
    GONE: gettext_lazy("The address answered 410: it is out of service."),
    TOO_LONG: gettext_lazy("Not reached for three days."),
    OFF_BY_HAND: gettext_lazy("Switched off by hand."),
}


def status_code(status: int) -> str:
    """The code of an HTTP status that is no success."""
    return f"{_STATUS}{status}"


def sentence(code: str) -> str:
    """The code in words; empty for none."""
    if code.startswith(_STATUS):
        status = code.removeprefix(_STATUS)
        if status.startswith("3"):
            return _("Answered HTTP %(status)s; redirects are not followed.") % {"status": status}
        return _("Answered HTTP %(status)s.") % {"status": status}
    return str(SENTENCES.get(code, code))
