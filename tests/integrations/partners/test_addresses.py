"""Messages to partners go to the public internet, never into our own network."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from integrations.models import WebhookEndpoint
from integrations.partners import addresses, wire
from integrations.partners.actions import create_webhook
from integrations.partners.addresses import BadAddress, Target, read_target
from ordercenter.core.errors import BadInput


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://partner.example/hook", "not_https"),
        ("ftp://partner.example/hook", "bad_address"),
        ("https:///hook", "bad_address"),
        ("https://user:pw@partner.example/", "bad_address"),
        ("https://partner.example/#part", "bad_address"),
        ("https://partner.example:0/", "bad_address"),
        ("https://partner.example:99999/", "bad_address"),
        ("https://partner.example/a b", "bad_address"),
        ("https://partner.example/\r\nHost: else", "bad_address"),
        ("https://合作.example/", "bad_address"),
        ("https://127.0.0.1/", "not_public"),
        ("https://10.1.2.3/", "not_public"),
        ("https://169.254.169.254/latest/meta-data/", "not_public"),
        ("https://192.168.1.1/", "not_public"),
        ("https://100.64.0.1/", "not_public"),
        ("https://0.0.0.0/", "not_public"),
        ("https://[::1]/", "not_public"),
        ("https://[fe80::1]/", "not_public"),
        ("https://[fd00::1]/", "not_public"),
        ("https://[::ffff:10.0.0.1]/", "not_public"),
        ("https://[2002:0a00:0001::1]/", "not_public"),
        ("https://[64:ff9b::a00:1]/", "not_public"),
        ("https://224.0.0.1/", "not_public"),
    ],
)
def test_what_we_never_send_to_is_refused_by_its_address(url, code):
    with pytest.raises(BadAddress) as refusal:
        read_target(url)

    assert refusal.value.code == code


def test_parts_of_a_good_address():
    assert read_target("https://partner.example/hook?x=1") == Target(
        True, "partner.example", 443, "/hook?x=1"
    )
    assert read_target("https://Partner.example:8443").authority == "partner.example:8443"
    assert read_target("https://[2606:4700::1111]/").authority == "[2606:4700::1111]"


def test_a_setting_lets_a_partner_in_our_own_network_in(settings):
    settings.WEBHOOK_PRIVATE_NETWORKS = ["10.20.0.0/16"]
    settings.WEBHOOK_PLAIN_HTTP = ["10.20.0.5:8080"]

    assert read_target("https://10.20.3.4/").port == 443
    assert read_target("http://10.20.0.5:8080/").is_encrypted is False
    for url in ("http://10.20.0.5:8081/", "http://10.20.0.6:8080/", "https://10.21.0.1/"):
        with pytest.raises(BadAddress):
            read_target(url)


def resolve_to(monkeypatch, *answers: str) -> list[str]:
    """Let names mean these addresses, one after the other; the names that were asked for."""
    asked: list[str] = []

    def getaddrinfo(host, port, **_more):
        asked.append(host)
        address = answers[min(len(asked), len(answers)) - 1]
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        place = (address, port, 0, 0) if ":" in address else (address, port)
        return [(family, socket.SOCK_STREAM, 6, "", place)]

    monkeypatch.setattr(addresses.socket, "getaddrinfo", getaddrinfo)
    return asked


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.8", "::1", "::ffff:192.168.0.1"])
def test_a_public_name_that_leads_into_our_network_is_not_connected_to(monkeypatch, address):
    resolve_to(monkeypatch, address)
    monkeypatch.setattr(addresses.socket, "socket", None)  # any connection would break the test

    outcome = wire.post("https://partner.example/", {}, b"{}")

    assert (outcome.status, outcome.error) == (None, "not_public")


def test_a_name_that_changes_its_meaning_after_it_was_looked_at_gains_nothing(
    monkeypatch, make_partner
):
    """DNS rebinding: public when the webhook is set up, ours when it is called."""
    partner = make_partner("a")
    endpoint = partner.listen()
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(url="https://rebind.example/")
    asked = resolve_to(monkeypatch, "10.0.0.8")

    outcome = wire.post("https://rebind.example/", {}, b"{}")

    assert (outcome.error, asked) == ("not_public", ["rebind.example"])


def test_the_name_is_resolved_once_and_that_very_address_is_connected_to(monkeypatch, listener):
    """The second meaning of the name is never asked for."""
    asked = resolve_to(monkeypatch, "127.0.0.1", "10.0.0.8")
    monkeypatch.setattr(addresses, "may_reach", lambda address: str(address) == "127.0.0.1")

    link = addresses.connect(Target(False, "rebind.example", listener.port, "/"), 2)

    with link:
        assert link.getpeername()[0] == "127.0.0.1"
    assert asked == ["rebind.example"]


def test_where_the_socket_really_leads_is_looked_at(monkeypatch, listener):
    """Whatever lies between name and connection: the connected address itself must be allowed."""
    resolve_to(monkeypatch, "127.0.0.1")
    looked_at: list[str] = []

    def only_before(address):
        looked_at.append(str(address))
        return len(looked_at) == 1

    monkeypatch.setattr(addresses, "may_reach", only_before)

    with pytest.raises(BadAddress):
        addresses.connect(Target(False, "partner.example", listener.port, "/"), 2)
    assert len(looked_at) == 2


def test_a_bad_address_is_refused_when_it_is_set_up(make_partner):
    partner = make_partner("a")

    with pytest.raises(BadInput) as refusal:
        create_webhook(partner.partner.pk, url="https://169.254.169.254/", actor=partner.actor)

    assert list(refusal.value.details["fields"]) == ["url"]
    assert WebhookEndpoint.objects.count() == 0


class Listener:
    """Listens on this machine and answers each connection with fixed bytes, piece by piece."""

    def __init__(self) -> None:
        self.tls: ssl.SSLContext | None = None
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        self.pieces: list[bytes] = []
        self.pause = 0.0
        self.heard: list[bytes] = []
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self) -> None:
        while True:
            try:
                link, _peer = self.server.accept()
            except OSError:
                return
            with link:
                try:
                    self._answer(self.tls.wrap_socket(link, server_side=True) if self.tls else link)
                except OSError:
                    continue  # the other side has had enough

    def _answer(self, link: socket.socket) -> None:
        self.heard.append(link.recv(65536))
        for piece in self.pieces:
            link.sendall(piece)
            if self.stopped.wait(self.pause):
                break

    def close(self) -> None:
        self.stopped.set()
        self.server.shutdown(socket.SHUT_RDWR)
        self.server.close()
        self.thread.join(5)


@pytest.fixture
def listener(settings) -> Iterator[Listener]:
    made = Listener()
    settings.WEBHOOK_PLAIN_HTTP = [f"127.0.0.1:{made.port}"]
    settings.WEBHOOK_PRIVATE_NETWORKS = ["127.0.0.1/32"]
    yield made
    made.close()


def post(listener: Listener, **headers: str) -> wire.Outcome:
    return wire.post(f"http://127.0.0.1:{listener.port}/hook?a=1", headers, b'{"x":1}')


@pytest.mark.parametrize(
    ("answer", "status", "wait"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\n", 200, None),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 204\r\n\r\n", 204, None),
        (b"HTTP/1.1 429 Slow\r\nretry-AFTER:  17 \r\n\r\n", 429, 17.0),
        (b"HTTP/1.1 503 \r\nRetry-After: Fri, 31 Dec 1999 23:59:59 GMT\r\n\r\n", 503, None),
        (b"HTTP/1.1 302 Found\r\nLocation: http://10.0.0.1/\r\n\r\n", 302, None),
    ],
)
def test_the_answer_is_its_status_and_how_long_to_wait(listener, answer, status, wait):
    listener.pieces = [answer]

    outcome = post(listener)

    assert (outcome.status, outcome.wait, outcome.error) == (status, wait, "")
    assert len(listener.heard) == 1


def test_the_request_on_the_wire(listener):
    listener.pieces = [b"HTTP/1.1 200 OK\r\n\r\n"]

    post(listener, **{"webhook-id": "WH1-1"})

    head, _blank, body = listener.heard[0].partition(b"\r\n\r\n")
    assert head.split(b"\r\n") == [
        b"POST /hook?a=1 HTTP/1.1",
        f"Host: 127.0.0.1:{listener.port}".encode(),
        b"User-Agent: OrderCenter-Webhooks/1",
        b"Content-Type: application/json",
        b"Content-Length: 7",
        b"Accept: */*",
        b"Connection: close",
        b"webhook-id: WH1-1",
    ]
    assert body == b'{"x":1}'


@pytest.mark.parametrize(
    "answer", [b"", b"SSH-2.0-OpenSSH\r\n\r\n", b"HTTP/1.1 abc\r\n\r\n", b"x" * 40_000]
)
def test_what_is_no_http_is_told_apart(listener, answer):
    listener.pieces = [answer] if answer else []

    outcome = post(listener)

    assert (outcome.status, outcome.error) == (None, "unreadable_answer")


def test_a_byte_now_and_then_does_not_hold_the_call(listener, impatient):
    listener.pieces = [b"H", b"T", b"T", b"P"] * 50
    listener.pause = 0.1

    assert post(listener).error == "timeout"


def test_nobody_listening_and_unknown_names_are_told_apart(monkeypatch, settings):
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    settings.WEBHOOK_PLAIN_HTTP = [f"127.0.0.1:{port}"]
    settings.WEBHOOK_PRIVATE_NETWORKS = ["127.0.0.1/32"]

    def unknown(*_args, **_more):
        raise socket.gaierror(-2, "Name or service not known")

    refused = wire.post(f"http://127.0.0.1:{port}/", {}, b"")
    monkeypatch.setattr(addresses.socket, "getaddrinfo", unknown)
    lost = wire.post("https://nowhere.example/", {}, b"")

    assert (refused.error, lost.error) == ("connection_refused", "unknown_host")


def self_signed(folder: Path) -> Path:
    """A file with a key and a certificate for this machine that nobody has vouched for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "partner")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "partner.pem"
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(secret + certificate.public_bytes(Encoding.PEM))
    return path


def test_a_certificate_that_nobody_trusts_is_refused(listener, monkeypatch, tmp_path):
    certificate = self_signed(tmp_path)
    listener.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    listener.tls.load_cert_chain(certificate)
    listener.pieces = [b"HTTP/1.1 200 OK\r\n\r\n"]
    url = f"https://127.0.0.1:{listener.port}/secret"

    stranger = wire.post(url, {}, b"{}")
    heard = list(listener.heard)
    trusting = ssl.create_default_context(cafile=str(certificate))
    monkeypatch.setattr(wire, "_trust", lambda: trusting)
    trusted = wire.post(url, {}, b"{}")

    assert (stranger.status, stranger.error, heard) == (None, "certificate", [])
    assert trusted.status == 200, "nothing but the trust was missing"


def test_who_speaks_no_tls_hears_nothing_in_clear(listener):
    listener.pieces = [b"HTTP/1.1 200 OK\r\n\r\n"]

    outcome = wire.post(f"https://127.0.0.1:{listener.port}/secret", {"webhook-id": "x"}, b"{}")

    assert (outcome.status, outcome.error) == (None, "tls")
    assert b"webhook-id" not in listener.heard[0]
