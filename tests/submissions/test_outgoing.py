"""Requests to addresses that people name: where they may lead, and how little the other side can do."""

import socket
import ssl
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pytest_django import Settings

from submissions import outgoing
from submissions.exchanges import UnreachableError
from submissions.refusals import Refusal
from tests.servers import receiver
from tests.servers.process import free_port

PRIVATE = (
    "127.0.0.1", "127.8.9.1", "0.1.2.3", "10.1.2.3", "172.16.0.1", "192.168.1.1", "100.64.0.1", "100.100.100.200",
    "169.254.169.254", "168.63.129.16", "192.0.0.192", "192.0.2.1", "198.18.0.1", "224.0.0.1", "240.0.0.1",
    "255.255.255.255", "::", "::1", "fe80::1", "fc00::1", "fd00:ec2::254", "fec0::1", "ff02::1", "2001:db8::1",
    "2001::1", "100::1", "5f00::1", "3fff::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:169.254.169.254",
    "::ffff:0:7f00:1", "2002:7f00:1::1", "2002:a9fe:a9fe::1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::a00:1",
)  # fmt: skip
PUBLIC = (
    "93.184.215.14",
    "1.1.1.1",
    "2606:4700::1111",
    "::ffff:1.1.1.1",
    "64:ff9b::101:101",
    "2002:101:101::1",
)


@pytest.fixture
def loopback(settings: Settings) -> None:
    settings.VERNIER_WEBHOOK_NETWORKS = ["127.0.0.0/8"]


def reason(url: str) -> str:
    """Why nothing comes of a request."""
    with pytest.raises(UnreachableError) as found:
        outgoing.post(url, b"{}", {})
    return found.value.reason


def resolve(monkeypatch: pytest.MonkeyPatch, *answers: Sequence[str]) -> list[object]:
    """Let every name lead to these addresses, to those of the next answer when it is asked for again."""
    asked: list[object] = []

    def getaddrinfo(host: object, port: int, **_: object) -> list[tuple[object, ...]]:
        asked.append(host)
        found = answers[min(len(asked), len(answers)) - 1]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return asked


@pytest.mark.parametrize("address", PRIVATE)
def test_what_is_not_public_is_not_reached(address: str) -> None:
    assert not outgoing.may_be_reached(ip_address(address))


@pytest.mark.parametrize("address", PUBLIC)
def test_what_is_public_is(address: str) -> None:
    assert outgoing.may_be_reached(ip_address(address))


def test_an_operator_opens_single_networks_and_no_more(settings: Settings) -> None:
    settings.VERNIER_WEBHOOK_NETWORKS = ["10.1.0.0/16", "fd00::/64"]
    assert outgoing.may_be_reached(ip_address("10.1.2.3"))
    assert outgoing.may_be_reached(ip_address("::ffff:10.1.2.3"))
    assert outgoing.may_be_reached(ip_address("fd00::5"))
    assert not outgoing.may_be_reached(ip_address("10.2.2.3"))


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("ftp://example.org/", "webhook-scheme"),
        ("file:///etc/passwd", "webhook-scheme"),
        ("example.org/hook", "webhook-scheme"),
        ("https://me:secret@example.org/", "webhook-userinfo"),
        ("https://example.org@127.0.0.1/", "webhook-userinfo"),
        ("https://example.org:22/", "webhook-port"),
        ("https://example.org:0/", "webhook-port"),
        ("https://example.org:99999/", "webhook-url"),
        ("https:///hook", "webhook-url"),
        ("https://exa mple.org/", "webhook-url"),
        ("https://example.org/\r\nX: y", "webhook-url"),
        ("https://example.org\\@127.0.0.1/", "webhook-userinfo"),
        ("https://example.org/a\\b", "webhook-url"),
        ("https://exämple.org/", "webhook-url"),
        ("https://example.org/#part", "webhook-url"),
        ("https://example.org/" + "a" * 500, "webhook-url"),
        ("https://127.0.0.1/", "webhook-address"),
        ("https://[::1]/", "webhook-address"),
        ("https://[::ffff:10.0.0.1]/", "webhook-address"),
        ("https://[fe80::1%25eth0]/", "webhook-address"),
        ("https://169.254.169.254/latest/", "webhook-address"),
    ],
)
def test_an_address_that_may_not_be_asked_is_refused_with_its_reason(url: str, code: str) -> None:
    with pytest.raises(Refusal) as refused:
        outgoing.check_url(url)
    assert (refused.value.code, refused.value.field) == (code, "url")


def test_plain_http_is_for_an_embedded_site_alone(settings: Settings) -> None:
    settings.VERNIER_EMBEDDED = True
    assert outgoing.check_url("http://example.org:8080/hook") == "http://example.org:8080/hook"
    settings.VERNIER_EMBEDDED = False
    with pytest.raises(Refusal, match="webhook-scheme"):
        outgoing.check_url("http://example.org:8080/hook")


@pytest.mark.parametrize("host", ["localhost", "2130706433", "0177.0.0.1", "0x7f.1", "127.1", "0"])
def test_a_host_in_any_spelling_is_judged_by_the_address_that_it_leads_to(host: str) -> None:
    with receiver.running() as server:
        assert reason(f"http://{host}:{server.port}/") == "address-refused"
        assert server.told == []


def test_a_name_with_one_private_address_among_public_ones_is_not_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    resolve(monkeypatch, ["1.1.1.1", "10.0.0.1"])
    assert reason("https://both.example.org/") == "address-refused"


@pytest.mark.usefixtures("loopback")
def test_the_connection_goes_to_the_address_that_was_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    port = free_port()
    asked = resolve(monkeypatch, ["127.0.0.2"], ["127.0.0.1"])
    with receiver.running(port=port) as inner, receiver.running(host="127.0.0.2", port=port) as server:
        assert outgoing.post(f"http://rebinds.example.org:{port}/", b"{}", {}).status == 200
    assert (len(server.told), inner.told) == (1, [])
    assert asked == ["rebinds.example.org"]


@pytest.mark.usefixtures("loopback")
def test_an_answer_comes_with_its_status_and_beginning() -> None:
    with receiver.running(receiver.Says(202, body=b"taken")) as server:
        answer = outgoing.post(f"{server.url}?a=b", b'{"a": 1}', {"Content-Type": "application/json"})
    assert (answer.status, answer.text, answer.is_whole) == (202, "taken", True)
    (told,) = server.told
    assert (told.path, told.body) == ("/hook?a=b", '{"a": 1}')
    assert told.headers["host"] == f"127.0.0.1:{server.port}"


@pytest.mark.usefixtures("loopback")
def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    with receiver.running() as inner:
        says = receiver.Says(307, {"Location": inner.url})
        with receiver.running(says) as server:
            assert outgoing.post(server.url, b"{}", {}).status == 307
        assert inner.told == []


@pytest.mark.usefixtures("loopback")
def test_no_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with receiver.running() as server:
        assert outgoing.post(server.url, b"{}", {}).status == 200


@pytest.mark.usefixtures("loopback")
def test_headers_that_trickle_in_cannot_stretch_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outgoing, "SECONDS", 0.6)
    with receiver.saying(b"HTTP/1.1 200 OK\r\nX: ", endless=b"x", pause=0.05) as port:
        begun = time.monotonic()
        assert reason(f"http://127.0.0.1:{port}/") == "timeout"
    assert time.monotonic() - begun < 3


@pytest.mark.usefixtures("loopback")
def test_a_silent_receiver_is_left_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outgoing, "SECONDS", 0.3)
    with receiver.saying(b"", pause=5) as port:
        assert reason(f"http://127.0.0.1:{port}/") == "timeout"


@pytest.mark.usefixtures("loopback")
def test_of_a_body_that_trickles_the_status_counts_and_the_time_ends_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(outgoing, "SECONDS", 0.6)
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"
    with receiver.saying(head, endless=b"y", pause=0.05) as port:
        answer = outgoing.post(f"http://127.0.0.1:{port}/", b"{}", {})
    assert answer.status == 200
    assert set(answer.text) <= {"y"}


@pytest.mark.usefixtures("loopback")
def test_of_a_huge_answer_little_is_read() -> None:
    with receiver.saying(b"HTTP/1.1 200 OK\r\n\r\n", endless=b"z" * 65536) as port:
        answer = outgoing.post(f"http://127.0.0.1:{port}/", b"{}", {})
    assert (answer.text, answer.is_whole) == ("z" * outgoing.READ_BYTES, False)


@pytest.mark.usefixtures("loopback")
@pytest.mark.parametrize("said", [b"hello\r\n\r\n", b"", b"HTTP/1.1 abc\r\n\r\n", b"\xff\x00" * 40])
def test_what_is_no_answer_is_no_answer(said: bytes) -> None:
    with receiver.saying(said) as port:
        assert reason(f"http://127.0.0.1:{port}/") == "no-answer"


@pytest.mark.usefixtures("loopback")
def test_where_nothing_listens_there_is_no_connection() -> None:
    assert reason(f"http://127.0.0.1:{free_port()}/") == "no-connection"


def test_a_name_that_leads_nowhere() -> None:
    assert reason("https://nothing.invalid/") == "name-unknown"


@pytest.mark.usefixtures("loopback")
def test_the_certificate_has_to_be_of_the_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    tls = certified(tmp_path, "receiver.example.org")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate.pem"))
    resolve(monkeypatch, ["127.0.0.1"])
    with receiver.running(tls=tls) as server:
        answer = outgoing.post(f"https://receiver.example.org:{server.port}/", b"{}", {})
        assert (answer.status, server.told[0].headers["host"]) == (200, f"receiver.example.org:{server.port}")
        assert reason(f"https://another.example.org:{server.port}/") == "tls"
        monkeypatch.delenv("SSL_CERT_FILE")
        assert reason(f"https://receiver.example.org:{server.port}/") == "tls"
        assert len(server.told) == 1


def certified(folder: Path, name: str) -> ssl.SSLContext:
    """A server's side of TLS with a certificate of that name, which vouches for itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "certificate.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "certificate.pem", folder / "key.pem")
    return context
