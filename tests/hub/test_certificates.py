"""Endpoints with https: what certificates are checked with, whatever the environment names for them."""

import os
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.support import Hfjobs, Hub, Result, command, run_shell

CERTIFICATE = Path(__file__).parent / "loopback.pem"
"""A key that protects nothing, and its certificate for 127.0.0.1, which expires in a hundred years."""

HASH = "2101a20a.0"
"""The name by which OpenSSL finds it in a directory."""


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"[]")

    def log_message(self, *_args: object) -> None:
        """Say nothing."""


class SecureServer(ThreadingHTTPServer):
    def handle_error(self, *_args: object) -> None:
        """Say nothing of those that do not trust it."""


@pytest.fixture
def secure(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Return an endpoint with https that has no jobs. Nothing of certificates is in the environment."""
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
    server = SecureServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"https://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def asked(hfjobs: Hfjobs, endpoint: str) -> Result:
    return hfjobs("ps", "-a", "-q", "--namespace", "x", HF_ENDPOINT=endpoint).without(endpoint)


@pytest.mark.parametrize("name", ["SSL_CERT_FILE", "SSL_CERT_DIR"])
def test_the_environment_names_what_is_trusted(
    hfjobs: Hfjobs, secure: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    (tmp_path / HASH).write_bytes(CERTIFICATE.read_bytes())
    monkeypatch.setenv(name, str(tmp_path / HASH if name == "SSL_CERT_FILE" else tmp_path))
    assert asked(hfjobs, secure) == Result(0, "", "")


def test_what_is_not_trusted_is_said_once(hfjobs: Hfjobs, secure: str) -> None:
    """It would not be trusted at another try, and nothing is wrong with the address."""
    hint = "hint: check the clock; if a proxy inspects connections, set SSL_CERT_FILE to a file with its certificate\n"
    result = asked(hfjobs, secure)
    assert (result.code, result.stdout) == (5, "")
    error = "error: cannot connect to HUB: its certificate is not trusted, self-signed certificate (GET /api/jobs/x)\n"
    assert result.stderr.replace("self signed", "self-signed") == error + hint
    assert hfjobs.pauses == []


def test_what_speaks_no_https_is_said_once(hfjobs: Hfjobs, hub: Hub) -> None:
    endpoint = hub.endpoint.replace("http:", "https:")
    error = "error: cannot connect to HUB: it does not speak https (GET /api/jobs/x)\n"
    assert asked(hfjobs, endpoint) == Result(5, "", error + "hint: check HF_ENDPOINT and the proxy\n")
    assert hfjobs.pauses == []


@pytest.mark.skipif(os.name == "nt", reason="Windows has neither such files nor such limits")
@pytest.mark.parametrize("what", ["endless", "fifo", "directory", "large", "missing", "of no certificates"])
def test_a_file_that_cannot_be_one_of_certificates_is_refused(secure: str, tmp_path: Path, what: str) -> None:
    """Before it is read: with little memory, and at once."""
    file = tmp_path / "named"
    if what == "endless":
        file.symlink_to("/dev/zero")
    elif what == "fifo":
        os.mkfifo(file)
    elif what == "directory":
        file.mkdir()
    elif what == "large":
        with file.open("wb") as large:
            large.truncate(64 * 1024 * 1024 + 1)
    elif what != "missing":
        file.write_bytes(b"\0" * 100_000)
    environ = {"HF_ENDPOINT": secure, "HF_TOKEN": "x", "SSL_CERT_FILE": str(file), "SSL_CERT_DIR": str(tmp_path)}
    line = " ".join(f"'{word}'" for word in command("ps", "-q", "--namespace", "x"))
    code, stdout, stderr = run_shell(f"ulimit -v 1000000; ulimit -t 20; exec {line}", environ)
    assert (code, stdout) == (2, "")
    error, hint = stderr.splitlines()
    assert error.startswith("error: cannot connect: invalid proxy or certificate settings: ")
    assert hint.endswith("SSL_CERT_FILE, SSL_CERT_DIR")


@pytest.mark.parametrize("what", ["missing", "file"])
def test_a_directory_that_is_none_is_refused(
    hfjobs: Hfjobs, secure: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """OpenSSL would find nothing there, and blame the Hub."""
    directory = tmp_path / what
    if what == "file":
        directory.touch()
    monkeypatch.setenv("SSL_CERT_DIR", str(directory))
    result = asked(hfjobs, secure)
    assert (result.code, result.stdout) == (2, "")
    assert result.stderr.splitlines()[1].endswith("SSL_CERT_FILE, SSL_CERT_DIR")
    monkeypatch.setenv("SSL_CERT_DIR", os.pathsep.join([str(directory), str(tmp_path)]))
    assert asked(hfjobs, secure).code == 5


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such files")
@pytest.mark.parametrize("what", ["endless", "fifo"])
def test_what_is_in_a_directory_stalls_nothing_for_long(secure: str, tmp_path: Path, what: str) -> None:
    """It is read by OpenSSL while a connection is made, which has its time."""
    if what == "endless":
        (tmp_path / HASH).symlink_to("/dev/zero")
    else:
        os.mkfifo(tmp_path / HASH)
    environ = {"HF_ENDPOINT": secure, "HF_TOKEN": "x", "SSL_CERT_DIR": str(tmp_path), "HFJOBS_TIMEOUT": "0.5"}
    line = " ".join(f"'{word}'" for word in command("ps", "-q", "--namespace", "x"))
    code, stdout, stderr = run_shell(f"ulimit -v 1000000; ulimit -t 20; exec {line}", environ)
    assert (code, stdout) == (5, "")
    assert stderr.count("\n") == 2
