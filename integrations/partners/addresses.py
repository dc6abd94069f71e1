"""Where messages to partners may go: never into our own network, unless a setting says so.

What a name resolves to is decided at the moment of the connection, on the addresses that are
then connected to; a name that means something else a second later gains nothing.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings

from integrations.partners import wording

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

# IPv4 within IPv6 by a translator of the network (RFC 6052).
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?|[0-9A-Fa-f:.]{2,45}")
_VISIBLE = re.compile(r"[\x21-\x7e]+")


class BadAddress(Exception):
    """An address we don't send to; the code says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Target:
    """The parts of a webhook's address that a call needs."""

    is_encrypted: bool
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """Host and port as the Host header names them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        usual = 443 if self.is_encrypted else 80
        return host if self.port == usual else f"{host}:{self.port}"


def read_target(url: str) -> Target:
    """The parts of the address; raises `BadAddress` for one we never send to.

    Names are not resolved here: that says nothing about the moment of a call.
    """
    if not _VISIBLE.fullmatch(url):
        raise BadAddress(wording.BAD_ADDRESS)
    try:
        parts = urlsplit(url)
        port = parts.port
        host = parts.hostname or ""
    except ValueError:
        raise BadAddress(wording.BAD_ADDRESS) from None
    if parts.scheme not in ("https", "http") or not _HOST.fullmatch(host):
        raise BadAddress(wording.BAD_ADDRESS)
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise BadAddress(wording.BAD_ADDRESS)
    is_encrypted = parts.scheme == "https"
    if port == 0:
        raise BadAddress(wording.BAD_ADDRESS)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    target = Target(is_encrypted, host, port or (443 if is_encrypted else 80), path)
    if not is_encrypted and f"{target.host}:{target.port}" not in settings.WEBHOOK_PLAIN_HTTP:
        raise BadAddress(wording.NOT_HTTPS)
    literal = _as_address(host)
    if literal is not None and not may_reach(literal):
        raise BadAddress(wording.NOT_PUBLIC)
    return target


def _as_address(text: str) -> IPAddress | None:
    """The text as an IP address; None for a name."""
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def may_reach(address: IPAddress) -> bool:
    """Whether messages may go there: public, or in a network that the installation names."""
    inner = _embedded(address)
    if any(inner in ipaddress.ip_network(net) for net in settings.WEBHOOK_PRIVATE_NETWORKS):
        return True
    return inner.is_global and not inner.is_multicast


def _embedded(address: IPAddress) -> IPAddress:
    """The IPv4 address that an IPv6 address leads to, else the address itself."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    found = address.ipv4_mapped or address.sixtofour
    if found is None and address.teredo is not None:
        found = address.teredo[1]
    if found is None and address in _NAT64:
        found = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return found or address


def connect(target: Target, timeout: float) -> socket.socket:
    """A connection to an address of the host that we may send to.

    Each address is looked at before and its socket after the connection is made. Raises
    `BadAddress` when none may be reached, `OSError` when none answers.
    """
    found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    trouble: OSError | None = None
    allowed = [entry for entry in found if _is_allowed(entry[4][0])]
    if not allowed:
        raise BadAddress(wording.NOT_PUBLIC)
    for family, kind, protocol, _name, place in allowed[:4]:
        link = socket.socket(family, kind, protocol)
        link.settimeout(timeout)
        try:
            link.connect(place)
            if not _is_allowed(link.getpeername()[0]):
                raise BadAddress(wording.NOT_PUBLIC)
        except OSError as error:
            link.close()
            trouble = error
        except BadAddress:
            link.close()
            raise
        else:
            return link
    raise trouble or OSError("no address")


def _is_allowed(text: object) -> bool:
    # A link-local address carries its interface behind a percent sign.
    address = _as_address(str(text).partition("%")[0])
    return address is not None and may_reach(address)
