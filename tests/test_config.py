"""Where settings come from, and that the token goes to nobody but the Hub it is for."""

import json
import os
import sqlite3
import stat
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from werkzeug.wrappers import Response

from hfjobs_cli.config import Overrides, load_settings
from hfjobs_cli.emulator.app import App
from hfjobs_cli.errors import UsageError
from hfjobs_cli.hub.connection import proxy_for
from tests.support import BY_HAND, DAILY_SCHEDULE, TOKEN, USER, Hfjobs, Hub, Result, command, command_environ

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


def used_token(hub: Hub) -> str:
    """Return the token of the last request."""
    return hub.requests[-1].headers["Authorization"].removeprefix("Bearer ")


class TestToken:
    """The first of these that is there."""

    def test_order(self, hfjobs: Hfjobs, hub: Hub, tmp_path: Path) -> None:
        """Each in turn is taken away, and the next one counts. Tokens are stripped; an empty one is none."""
        environ = hfjobs.environ
        files = {
            "HF_TOKEN_PATH": tmp_path / "path",
            "HF_HOME": tmp_path / "hf",
            "XDG_CACHE_HOME": tmp_path / "xdg",
            "HOME": tmp_path / "home",
        }
        tokens = [
            files["HF_TOKEN_PATH"],
            files["HF_HOME"] / "token",
            files["XDG_CACHE_HOME"] / "huggingface" / "token",
            files["HOME"] / ".cache" / "huggingface" / "token",
        ]
        for index, path in enumerate(tokens):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f" hf_file{index}\n\n", encoding="utf-8-sig" if index == 1 else "utf-8")
        environ |= {name: str(path) for name, path in files.items()}
        environ |= {"HF_TOKEN": "hf_1", "HUGGING_FACE_HUB_TOKEN": "hf_2\r\n"}

        hfjobs("--token", "hf_0", "ps")
        assert used_token(hub) == "hf_0"
        for expected, taken_away in (("hf_1", "HF_TOKEN"), ("hf_2", "HUGGING_FACE_HUB_TOKEN")):
            hfjobs("ps")
            assert used_token(hub) == expected
            environ[taken_away] = " "
        for index, path in enumerate(tokens):
            assert hfjobs("ps").stderr.startswith(f"error: the Hub rejected the token from the file {path}:")
            assert used_token(hub) == f"hf_file{index}"
            path.unlink()
        assert hfjobs("ps").stderr.startswith("error: not logged in: no token found\n")

    def test_paths_may_hold_a_tilde_and_variables(self, hfjobs: Hfjobs, hub: Hub, tmp_path: Path) -> None:
        del hfjobs.environ["HF_TOKEN"]
        home = Path(hfjobs.environ["HOME"])
        home.mkdir()
        (home / "t").write_text("hf_tilde", encoding="utf-8")
        (tmp_path / "v").write_text("hf_variable", encoding="utf-8")
        hfjobs("ps", HF_TOKEN_PATH="~/t")
        assert used_token(hub) == "hf_tilde"
        hfjobs("ps", HF_TOKEN_PATH="$PLACE/v", PLACE=str(tmp_path))
        assert used_token(hub) == "hf_variable"

    def test_in_its_file_is_as_good_as_in_the_environment(self, hfjobs: Hfjobs) -> None:
        expected = hfjobs("ps")
        token = hfjobs.environ.pop("HF_TOKEN")
        file = Path(hfjobs.environ["XDG_CACHE_HOME"]) / "huggingface" / "token"
        file.parent.mkdir(parents=True)
        file.write_text(token + "\n", encoding="utf-8")
        assert hfjobs("ps") == expected

    def test_file_that_cannot_be_read_is_named(self, hfjobs: Hfjobs, tmp_path: Path) -> None:
        del hfjobs.environ["HF_TOKEN"]
        hint = "hint: fix or remove that file, or set HF_TOKEN\n"
        reason = "Permission denied" if os.name == "nt" else "Is a directory"
        assert hfjobs("ps", HF_TOKEN_PATH=str(tmp_path)) == Result(
            2,
            "",
            f"error: cannot read the token file {tmp_path}: {reason}\n{hint}",
        )
        (tmp_path / "bad").write_bytes(b"\xff\xfe")
        assert hfjobs("ps", HF_TOKEN_PATH=str(tmp_path / "bad")) == Result(
            2,
            "",
            f"error: cannot read the token file {tmp_path / 'bad'}: not text, or too long\n{hint}",
        )

    @pytest.mark.parametrize("token", ["hf_ä", "hf a", "hf\x1b", "hf_1\nhf_2", '"hf_1"', "'hf_1'"])
    def test_that_cannot_be_one_is_refused_unseen(self, hfjobs: Hfjobs, hub: Hub, token: str) -> None:
        assert hfjobs("ps", HF_TOKEN=token) == Result(
            2,
            "",
            "error: the token from HF_TOKEN contains invalid characters\n"
            "hint: copy it again from https://huggingface.co/settings/tokens\n",
        )
        assert hub.requests == []

    @pytest.mark.parametrize("argv", [("--token", "", "ps"), ("ps", "--token", " "), ("scheduled", "--token=", "ps")])
    def test_that_is_given_and_empty_is_not_another_one(self, hfjobs: Hfjobs, hub: Hub, argv: tuple[str, ...]) -> None:
        """As `--token "$UNSET"` is, which must not act as somebody else."""
        assert hfjobs(*argv) == Result(2, "", "error: --token is empty\nhint: remove --token, or give it a value\n")
        assert hub.requests == []

    @pytest.mark.parametrize(
        ("argv", "environ", "hint"),
        [
            (
                ("--token", "hf_x"),
                {},
                "use a valid token, or remove --token to use HF_TOKEN or that of 'hf auth login'",
            ),
            ((), {"HF_TOKEN": "hf_x"}, "use a valid token, or unset HF_TOKEN to use that of 'hf auth login'"),
            (
                (),
                {"HF_TOKEN": "", "HUGGING_FACE_HUB_TOKEN": "hf_x"},
                "use a valid token, or unset HUGGING_FACE_HUB_TOKEN to use that of 'hf auth login'",
            ),
            ((), {"HF_TOKEN": "", "HF_TOKEN_PATH": "~/token"}, "log in with 'hf auth login', or set HF_TOKEN"),
        ],
    )
    def test_that_is_not_accepted_is_mended_where_it_is(
        self, hfjobs: Hfjobs, argv: tuple[str, ...], environ: dict[str, str], hint: str
    ) -> None:
        """To log in helps nobody whose variable comes first."""
        home = Path(hfjobs.environ["HOME"])
        home.mkdir()
        (home / "token").write_text("hf_x", encoding="utf-8")
        result = hfjobs.given(environ)("ps", *argv)
        assert (result.code, result.stdout) == (4, "")
        assert result.stderr.splitlines()[1] == f"hint: {hint}"

    @pytest.mark.parametrize(
        "argv",
        [
            ("--token", TOKEN, "ps", "-q"),
            ("ps", "-q", "--token", TOKEN),
            ("--token", "hf_x", "ps", "-q", "--token", TOKEN),
        ],
    )
    def test_option_may_stand_before_and_after_the_command(self, hfjobs: Hfjobs, argv: tuple[str, ...]) -> None:
        """The nearer one counts."""
        expected = hfjobs("ps", "-q")
        del hfjobs.environ["HF_TOKEN"]
        assert hfjobs(*argv) == expected


class TestEndpoint:
    """`--endpoint`, then HF_ENDPOINT, then the Hub itself."""

    def test_option_comes_before_the_environment(self, hfjobs: Hfjobs, hub: Hub) -> None:
        result = hfjobs("--endpoint", hub.endpoint + "/", "ps", "-q", HF_ENDPOINT="http://127.0.0.1:9")
        assert result.code == 0

    def test_default_is_the_hub(self) -> None:
        assert load_settings({"HF_ENDPOINT": ""}, Overrides()).endpoint == "https://huggingface.co"

    @pytest.mark.parametrize(
        ("given", "message", "source"),
        [
            ("hub", "invalid Hub URL 'hub'", "--endpoint"),
            ("ftp://x", "invalid Hub URL 'ftp://x'", "--endpoint"),
            ("https://", "invalid Hub URL 'https://'", "--endpoint"),
            ("https://x:99999", "invalid Hub URL 'https://x:99999'", "--endpoint"),
            ("https://x y", "invalid Hub URL 'https://x y'", "--endpoint"),
            ("https://x?a=b", "invalid Hub URL 'https://x?a=b'", "--endpoint"),
            ("https://x/\udcff", "invalid Hub URL 'https://x/\\udcff'", "--endpoint"),
            ("https://a..b", "invalid Hub URL 'https://a..b'", "--endpoint"),
            ("https://\u2603", "invalid Hub URL 'https://\u2603'", "--endpoint"),
            ("https://[::1", "invalid Hub URL 'https://[::1'", "--endpoint"),
            ("https://me:pass@x", "--endpoint must not contain a user name or password", "--endpoint"),
            ("https://me:pass@x?", "invalid Hub URL 'x?'", "--endpoint"),
            ("http://127.0.0.1?", "invalid Hub URL 'http://127.0.0.1?'", "--endpoint"),
            ("http://127.0.0.1#", "invalid Hub URL 'http://127.0.0.1#'", "--endpoint"),
            ("https://me:pass@x#y", "invalid Hub URL 'x#y'", "--endpoint"),
        ],
    )
    def test_bad_ones_are_a_usage_error(self, hfjobs: Hfjobs, given: str, message: str, source: str) -> None:
        hint = f"set {source} to a URL such as https://huggingface.co"
        assert hfjobs("ps", "--endpoint", given) == Result(2, "", f"error: {message}\nhint: {hint}\n")

    def test_plain_http_is_for_this_machine_only(self, hfjobs: Hfjobs) -> None:
        """It can be allowed; the name below resolves nowhere, so that the request is seen to be tried."""
        result = hfjobs("ps", HF_ENDPOINT="http://hub.invalid:8080")
        assert result == Result(
            2,
            "",
            "error: refusing to send the token over plain http to hub.invalid:8080\n"
            "hint: use https, or set HFJOBS_ALLOW_HTTP=1 if you trust that network\n",
        )
        for host in ("localhost", "127.0.0.1", "127.3.2.1", "[::1]"):
            settings = load_settings({"HF_ENDPOINT": f"http://{host}:1"}, Overrides())
            assert settings.endpoint == f"http://{host}:1"
        for host in ("demo.localhost", "127.0.0.1.evil.example", "localhost.example", "[::2]"):
            with pytest.raises(UsageError):  # names that are looked up in the network
                load_settings({"HF_ENDPOINT": f"http://{host}:1"}, Overrides())
        allowed = {"HF_ENDPOINT": "http://hub.invalid", "HFJOBS_ALLOW_HTTP": "1"}
        assert load_settings(allowed, Overrides()).endpoint == "http://hub.invalid"


@pytest.mark.parametrize("given", ["soon", "0", "-1", "nan", "inf"])
def test_a_bad_timeout_is_a_usage_error(hfjobs: Hfjobs, given: str) -> None:
    hint = "use seconds, more than 0 and less than 86400"
    assert hfjobs("ps", HFJOBS_TIMEOUT=given) == Result(
        2, "", f"error: invalid HFJOBS_TIMEOUT '{given}'\nhint: {hint}\n"
    )


class TestTokenStaysHome:
    """It is sent to the endpoint's origin only, and never shown."""

    def test_a_link_to_another_host_is_followed_at_the_endpoint(self, hfjobs: Hfjobs, hub: Hub, elsewhere: Hub) -> None:
        link = {"Link": f'<{elsewhere.endpoint}/api/jobs/x?cursor=abc>; rel="next"'}
        hub.replies(200, json.dumps([hub.job(id="aa")]), link)
        hub.replies(200, json.dumps([hub.job(id="bb")]))
        assert hfjobs("ps", "-a", "-q", "--namespace", "x") == Result(0, "aa\nbb\n", "")
        assert hub.requests[1].query == [("cursor", "abc")]
        assert elsewhere.requests == []

    def test_a_redirect_to_another_origin_is_refused(self, hfjobs: Hfjobs, hub: Hub, elsewhere: Hub) -> None:
        hub.replies(302, "", {"Location": f"{elsewhere.endpoint}/api/jobs/x"})
        result = hfjobs("ps", "--namespace", "x")
        assert result == Result(
            1,
            "",
            f"error: the Hub redirects to another origin: {elsewhere.endpoint} (GET /api/jobs/x: 302)\n"
            "hint: check HF_ENDPOINT; the token was not sent there\n",
        )
        assert elsewhere.requests == []

    def test_a_redirect_within_the_origin_is_followed(self, hfjobs: Hfjobs, hub: Hub) -> None:
        """As when a user was renamed."""
        hub.replies(307, "", {"Location": f"/api/jobs/{USER}?stage=RUNNING"})
        assert hfjobs("ps", "-q", "--namespace", "old").code == 0
        assert hub.paths == ["GET /api/jobs/old", f"GET /api/jobs/{USER}"]
        assert used_token(hub) == TOKEN

    @pytest.mark.parametrize(("status", "method"), [(307, "PUT"), (308, "POST"), (301, "DELETE")])
    def test_a_redirect_of_a_change_is_followed(self, hfjobs: Hfjobs, hub: Hub, status: int, method: str) -> None:
        job = hub.add(status={"stage": "RUNNING", "message": None})
        line, path = {
            "PUT": (("labels", f"{USER}/{job}", "-l", "a=b"), f"/api/jobs/{USER}/{job}/labels"),
            "POST": (("cancel", f"{USER}/{job}"), f"/api/jobs/{USER}/{job}/cancel"),
            "DELETE": (
                ("scheduled", "delete", "--yes", f"{USER}/{DAILY_SCHEDULE}"),
                f"/api/scheduled-jobs/{USER}/{DAILY_SCHEDULE}",
            ),
        }[method]

        def moved(app: App, environ: "WSGIEnvironment", start: "StartResponse") -> Iterable[bytes]:
            if environ["REQUEST_METHOD"] != method or environ["QUERY_STRING"]:
                return app(environ, start)
            return Response("", status, headers={"Location": f"{path}?at=new"})(environ, start)

        hub.always(path, moved)
        assert hfjobs(*line).code == 0
        assert hub.paths.count(f"{method} {path}") == 2

    def test_redirects_without_end_are_an_error(self, hfjobs: Hfjobs, hub: Hub) -> None:
        hub.replies(307, "", {"Location": "/api/jobs/x"}, times=9)
        result = hfjobs("ps", "--namespace", "x")
        assert result == Result(1, "", "error: too many redirects (GET /api/jobs/x: 307)\n")
        assert len(hub.requests) == 6

    @pytest.mark.parametrize("address", ["javascript:alert(1)", "data:,x", "http://xn--a/"])
    def test_a_redirect_to_what_is_no_address_is_an_error(self, hfjobs: Hfjobs, hub: Hub, address: str) -> None:
        hub.replies(302, "", {"Location": address}, times=4)
        code, stdout, stderr = hfjobs("ps", "--namespace", "x")
        assert (code, stdout) == (1, "")
        assert stderr.startswith("error: the Hub redirects to ")
        assert len(hub.requests) == 1
        code, stdout, stderr = hfjobs("duplicate", "x/aaaaaaaaaaaaaaaaaaaaaaaa")
        assert (code, stdout) == (5, "")
        assert stderr.startswith(
            "error: x/aaaaaaaaaaaaaaaaaaaaaaaa may or may not have been duplicated: the Hub redirects to "
        )
        assert [path for path in hub.paths if path.startswith("POST")] == [
            "POST /api/jobs/x/aaaaaaaaaaaaaaaaaaaaaaaa/duplicate"
        ]

    def test_a_redirect_from_https_to_http_is_another_origin(self, hfjobs: Hfjobs, hub: Hub) -> None:
        hub.replies(302, "", {"Location": f"https://127.0.0.1:{hub.endpoint.rpartition(':')[2]}/"})
        assert hfjobs("ps", "--namespace", "x").stderr.startswith("error: the Hub redirects to another origin: https:")

    def test_debug_shows_requests_but_not_the_token(self, hfjobs: Hfjobs, hub: Hub) -> None:
        for result in (hfjobs("--debug", "ps", "-q"), hfjobs("ps", "-q", "--debug"), hfjobs("ps", "-q", HF_DEBUG="1")):
            assert result.code == 0
            assert f"> GET {hub.endpoint}/api/jobs/{USER}?stage=RUNNING&stage=SCHEDULING\n" in result.stderr
            assert "\n< 200 " in result.stderr
            assert ", request id Root=1-" in result.stderr
            assert TOKEN not in result.stderr

    @pytest.mark.parametrize("debug", [(), ("--debug",)])
    def test_a_server_that_repeats_it_is_not_quoted(self, hfjobs: Hfjobs, hub: Hub, debug: tuple[str, ...]) -> None:
        hub.replies(400, json.dumps({"error": f"bad token {TOKEN}"}), {"X-Request-Id": TOKEN})
        result = hfjobs(*debug, "ps", "--namespace", "x")
        assert "bad token <TOKEN> (GET /api/jobs/x: 400, request id <TOKEN>)" in result.stderr
        assert TOKEN not in result.stderr

    @pytest.mark.parametrize("body", [f'{{"status": "{TOKEN}"}}', "x" * 490 + TOKEN])
    def test_an_answer_made_of_it_is_not_quoted(self, hfjobs: Hfjobs, hub: Hub, body: str) -> None:
        """Neither whole nor cut in the middle."""
        hub.replies(200, f'{{"id": "aaaaaaaaaaaaaaaaaaaaaaaa", "owner": {{"name": "x"}}, "status": "{TOKEN}"}}')
        hub.replies(400, json.dumps({"error": body}))
        hub.replies(200, "[]", {"Link": f'<https://x/?tk={TOKEN}>; rel="next"'})
        for argv, code in (
            (("inspect", "x/aaaaaaaaaaaaaaaaaaaaaaaa"), 0),
            (("ps", "--namespace", "x"), 1),
            (("ps", "--namespace", "x"), 1),
        ):
            result = hfjobs(*argv)
            assert result.code == code
            assert TOKEN[:9] not in result.stderr

    def test_what_is_too_short_for_one_mangles_no_message(self, hfjobs: Hfjobs) -> None:
        result = hfjobs("ps", "--namespace", "x", HF_ENDPOINT="http://127.0.0.1:9", HF_TOKEN="x")
        assert result.stderr.endswith("'hfjobs emulator' starts an emulator\n")

    def test_repr_hides_it(self, hfjobs: Hfjobs) -> None:
        settings = load_settings(hfjobs.environ, Overrides(token=TOKEN))
        assert settings.token == TOKEN
        assert TOKEN not in repr(settings) + repr(Overrides(token=TOKEN))

    def test_a_proxy_is_not_asked_for_what_is_on_this_machine(
        self, hfjobs: Hfjobs, elsewhere: Hub, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HTTP_PROXY", elsewhere.endpoint)
        monkeypatch.setenv("http_proxy", elsewhere.endpoint)
        monkeypatch.setenv("ALL_PROXY", "socks5://of.no.use")
        assert hfjobs("ps", "-q").code == 0
        assert elsewhere.requests == []

    @pytest.mark.parametrize(
        ("name", "value"), [("HTTPS_PROXY", "foo://x"), ("ALL_PROXY", "socks5://x"), ("SSL_CERT_FILE", "bad.pem")]
    )
    def test_settings_that_httpx_cannot_use_are_a_usage_error(
        self, hfjobs: Hfjobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str
    ) -> None:
        (tmp_path / "bad.pem").write_text("no certificate", encoding="utf-8")
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv(name, value)
        result = hfjobs("ps", HF_ENDPOINT="https://hub.invalid")
        assert (result.code, result.stdout) == (2, "")
        error, hint = result.stderr.splitlines()
        assert error.startswith("error: cannot connect: invalid proxy or certificate settings: ")
        assert value not in error
        needs = "; for a SOCKS proxy: pip install 'httpx[socks]'" if value.startswith("socks") else ""
        names = "HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY, SSL_CERT_FILE, SSL_CERT_DIR"
        assert hint == f"hint: check {names}{needs}"

    def test_the_user_agent_says_who_asks(self, hfjobs: Hfjobs, hub: Hub) -> None:
        hfjobs("inspect", BY_HAND)
        name, python = hub.requests[-1].headers["User-Agent"].split("; ")
        assert name.startswith("hfjobs/0.")
        assert python.startswith("python/3.")


class TestMemory:
    """The file that remembers the namespace."""

    def file(self, hfjobs: Hfjobs) -> Path:
        return Path(hfjobs.environ["XDG_CACHE_HOME"]) / "hfjobs" / "namespaces.json"

    @pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
    def test_is_for_its_owner_only_and_holds_no_token(self, hfjobs: Hfjobs) -> None:
        hfjobs("ps")
        assert stat.S_IMODE(self.file(hfjobs).stat().st_mode) == 0o600
        text = self.file(hfjobs).read_text(encoding="utf-8")
        assert list(json.loads(text).values()) == [USER]
        assert TOKEN not in text

    def test_is_kept_for_each_token(self, hfjobs: Hfjobs, hub: Hub) -> None:
        hfjobs("ps")
        del hub.requests[:]
        hfjobs("ps", HF_TOKEN="hf_other")
        assert hub.paths == ["GET /api/whoami-v2"]

    @pytest.mark.parametrize("garbage", ["", "{", "[]", "7", '{"x": 7}', "[" * 99_999, "\udcff"])
    def test_survives_garbage(self, hfjobs: Hfjobs, hub: Hub, garbage: str) -> None:
        expected = hfjobs("ps")
        self.file(hfjobs).write_bytes(garbage.encode("utf-8", "surrogateescape"))
        assert hfjobs("ps") == expected
        del hub.requests[:]
        assert hfjobs("ps") == expected
        assert len(hub.requests) == 1

    def test_survives_several_processes_at_once(self, hfjobs: Hfjobs, hub: Hub) -> None:
        """Of what they write at the same time one thing stays, whole, and nothing lies beside it."""
        port = hub.endpoint.rpartition(":")[2]
        argv = command("ps", "-q")
        running = [
            subprocess.Popen(
                argv,
                env=command_environ({**hfjobs.environ, "HF_ENDPOINT": f"http://{host}:{port}"}),
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                encoding="utf-8",
            )
            for host in ("127.0.0.1", "localhost") * 4
        ]
        results = {(*process.communicate(timeout=60), process.returncode) for process in running}
        assert results == {(hfjobs("ps", "-q").stdout, "", 0)}
        names = json.loads(self.file(hfjobs).read_text(encoding="utf-8"))
        assert set(names.values()) == {USER}
        assert [path.name for path in self.file(hfjobs).parent.iterdir()] == ["namespaces.json"]

    @pytest.mark.skipif(os.name == "nt", reason="Windows has no such files")
    def test_survives_what_has_no_end(self, hfjobs: Hfjobs) -> None:
        expected = hfjobs("ps")
        file = self.file(hfjobs)
        file.unlink()
        os.mkfifo(file)
        assert hfjobs("ps") == expected
        file.unlink()
        file.symlink_to("/dev/zero")
        assert hfjobs("ps") == expected

    @pytest.mark.parametrize("name", [7, "", "../x", None])
    def test_survives_a_name_that_cannot_be_one(self, hfjobs: Hfjobs, name: object) -> None:
        expected = hfjobs("ps")
        (key,) = json.loads(self.file(hfjobs).read_text(encoding="utf-8"))
        self.file(hfjobs).write_text(json.dumps({key: name}), encoding="utf-8")
        assert hfjobs("ps") == expected

    def test_may_be_impossible_to_write(self, hfjobs: Hfjobs, tmp_path: Path) -> None:
        expected = hfjobs("ps")
        (tmp_path / "file").write_text("", encoding="utf-8")
        assert hfjobs("ps", XDG_CACHE_HOME=str(tmp_path / "file")) == expected
        (tmp_path / "other" / "hfjobs" / "namespaces.json").mkdir(parents=True)
        assert hfjobs("ps", XDG_CACHE_HOME=str(tmp_path / "other")) == expected
        assert list((tmp_path / "other" / "hfjobs").iterdir()) == [tmp_path / "other" / "hfjobs" / "namespaces.json"]


class TestDemo:
    """`--demo` and HFJOBS_DEMO=1 use neither network nor account."""

    @pytest.mark.parametrize("option", ["--token", "--endpoint"])
    def test_contradicts_what_names_a_hub(self, demo: Hfjobs, option: str) -> None:
        """Nobody should take invented jobs for their own."""
        expected = (
            f"error: {option} cannot be used with --demo\nhint: remove one of them; HFJOBS_DEMO=1 means --demo too\n"
        )
        assert demo("ps", option, "https://huggingface.co") == Result(2, "", expected)

    def test_needs_and_uses_no_token(self, hfjobs: Hfjobs, hub: Hub) -> None:
        expected = hfjobs("--demo", "ps", "-q")
        assert (expected.code, len(expected.stdout.split()), expected.stderr) == (0, 7, "")
        assert hfjobs("ps", "-q", "--demo") == expected
        assert hfjobs("ps", "-q", HFJOBS_DEMO="true") == expected
        assert hub.requests == []
        assert not (Path(hfjobs.environ["XDG_CACHE_HOME"]) / "hfjobs").exists()

    def test_needs_no_home_directory(self, demo: Hfjobs, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
        """As for a user without an entry in passwd."""

        def no_home() -> Path:
            raise RuntimeError("Could not determine home directory.")

        del demo.environ["HOME"]
        monkeypatch.setattr(Path, "home", staticmethod(no_home))
        assert demo("ps", "-q").code == 0
        plain = {"XDG_CACHE_HOME": demo.environ["XDG_CACHE_HOME"], "HF_ENDPOINT": hub.endpoint}
        assert Hfjobs(plain)("ps").stderr.startswith("error: not logged in: no token found\n")

    def test_logs_its_requests_too(self, demo: Hfjobs) -> None:
        assert "> GET http://demo.localhost/api/whoami-v2\n< 200 " in demo("--debug", "ps").stderr

    def test_says_where_it_cannot_keep_its_jobs(self, demo: Hfjobs, tmp_path: Path) -> None:
        blocked = tmp_path / "blocked"
        blocked.write_text("", encoding="utf-8")
        result = demo("ps", XDG_STATE_HOME=str(blocked))
        assert (result.code, result.stdout) == (1, "")
        assert result.stderr.startswith(
            f"error: cannot store the jobs of the demo in {blocked / 'hfjobs' / 'emulator'}: "
        )
        assert "hint: set XDG_STATE_HOME to a writable directory, or run 'hfj" in result.stderr

    def test_says_that_its_file_is_damaged(self, demo: Hfjobs) -> None:
        file = Path(demo.environ["XDG_STATE_HOME"]) / "hfjobs" / "emulator" / "jobs.sqlite3"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"not a database" * 99)
        file.chmod(0o600)
        result = demo("ps")
        assert (result.code, result.stdout) == (1, "")
        assert f"{file}: file is not a database" in result.stderr

    def test_says_that_a_page_of_its_file_is_damaged(self, demo: Hfjobs) -> None:
        demo("ps")
        file = Path(demo.environ["XDG_STATE_HOME"]) / "hfjobs" / "emulator" / "jobs.sqlite3"
        content = bytearray(file.read_bytes())
        content[4096:] = b"\xff" * (len(content) - 4096)
        file.write_bytes(content)
        result = demo("ps", "-a")
        assert (result.code, result.stdout) == (5, "")
        assert f"error: the Hub is unavailable: {file}: database disk image is malformed" in result.stderr

    def test_does_not_touch_the_file_of_another_version(self, demo: Hfjobs) -> None:
        demo("ps")
        file = Path(demo.environ["XDG_STATE_HOME"]) / "hfjobs" / "emulator" / "jobs.sqlite3"
        connection = sqlite3.connect(file)
        connection.execute("PRAGMA user_version = 99")
        connection.close()
        assert f"{file} was written by another version of hfjobs\nhint: " in demo("ps").stderr


@pytest.mark.parametrize(
    ("entries", "is_direct", "told"),
    [
        ("hub.example", True, ""),
        ("*", True, ""),
        (".example", True, ""),
        ("*.example", True, ""),
        ("*.hub.example", False, ""),
        ("example", True, ""),
        ("ample", False, ""),
        ("HUB.Example:80", True, ""),
        ("hub.example:8080", False, ""),
        ("localhost,::1/128,hub.example", True, ""),
        ("localhost,::1/128", False, ""),
        ("10.0.0.0/8", False, ""),
        ("ho st,hub.example", True, "ho st"),
        ("10.0.0.0/99", False, "10.0.0.0/99"),
        ("hub.example:http", False, "hub.example:http"),
    ],
)
def test_no_proxy_means_what_it_means_elsewhere(entries: str, is_direct: bool, told: str) -> None:
    odd: list[str] = []
    proxies = {"http": "127.0.0.1:3128", "no": entries}
    expected = None if is_direct else "http://127.0.0.1:3128"
    assert proxy_for("http://hub.example", proxies, odd.append) == expected
    assert odd == [told] * bool(told)


@pytest.mark.parametrize(("entries", "is_direct"), [("10.0.0.0/8", True), ("10.1.2.3", True), ("10.1.0.0/24", False)])
def test_no_proxy_knows_networks(entries: str, is_direct: bool) -> None:
    found = proxy_for("https://10.1.2.3:8443", {"all": "http://127.0.0.1:3128", "no": entries}, print)
    assert (found is None) == is_direct


def test_an_odd_entry_of_no_proxy_stops_nothing(hfjobs: Hfjobs, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told of once, and the proxy is used."""
    monkeypatch.setenv("HTTP_PROXY", hub.endpoint)
    monkeypatch.setenv("NO_PROXY", "localhost,::1/128,10.0.0.0/99")
    result = hfjobs("ps", "-q", "--namespace", USER, HF_ENDPOINT="http://hub.example", HFJOBS_ALLOW_HTTP="1")
    warning = "warning: ignored '10.0.0.0/99' in NO_PROXY: not a host, domain or network\n"
    assert result.stderr.startswith(warning)
    assert len(hub.requests) == 1


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="needs /dev/zero")
def test_files_without_end_are_not_read_to_the_end(hfjobs: Hfjobs) -> None:
    del hfjobs.environ["HF_TOKEN"]
    hint = "hint: fix or remove that file, or set HF_TOKEN\n"
    expected = f"error: cannot read the token file /dev/zero: not text, or too long\n{hint}"
    assert hfjobs("ps", HF_TOKEN_PATH="/dev/zero") == Result(2, "", expected)


@pytest.mark.parametrize(
    ("stdin", "what"),
    [("x" * 3000, "a line of more than 1999 characters"), ("a\n" * 1_000_001, "more than 1000000 lines")],
)
def test_stdin_without_end_is_not_read_to_the_end(hfjobs: Hfjobs, hub: Hub, stdin: str, what: str) -> None:
    result = hfjobs("inspect", "-", stdin=stdin)
    hint = "hint: pipe the output of 'hfjobs ps -q' to it\n"
    assert result == Result(2, "", f"error: stdin is not a list of jobs: it has {what}\n{hint}")
    assert hub.requests == []


def test_a_directory_that_is_not_absolute_is_ignored(
    hfjobs: Hfjobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the XDG specification has it: nothing is made where one happens to be."""
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    assert hfjobs("ps", XDG_CACHE_HOME="cache").code == 0
    assert [*here.iterdir()] == []
    assert (tmp_path / "home" / ".cache" / "hfjobs" / "namespaces.json").exists()


@pytest.mark.parametrize(("value", "colored"), [("0", False), ("false", False), ("1", True), ("", False)])
def test_force_color_may_say_no(hfjobs: Hfjobs, value: str, colored: bool) -> None:
    assert ("\x1b[" in hfjobs("ps", FORCE_COLOR=value).stdout) == colored


def test_errors_name_the_address_that_was_asked(hfjobs: Hfjobs, hub: Hub) -> None:
    result = hfjobs("ps", "--namespace", "x", HF_ENDPOINT=f"{hub.endpoint}/behind/a/proxy")
    assert "(GET /behind/a/proxy/api/jobs/x: 404" in result.stderr
