"""Settings from options, environment and token files. Nothing is read until `load_settings` is called."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from hfjobs_cli.errors import UsageError, conflict, either, empty_option
from hfjobs_cli.text.values import digits, number

DEFAULT_ENDPOINT = "https://huggingface.co"

DEMO_ENDPOINT = "http://demo.localhost"
"""The Hub of the demo; nothing is ever sent there."""

DEFAULT_TIMEOUT_SECS = 30.0

MAX_TOKEN_BYTES = 64 * 1024
"""The longest token file; an endless file would take all memory."""

SETTINGS = {
    "HF_TOKEN": "access token; takes precedence over those below",
    "HUGGING_FACE_HUB_TOKEN": "access token (older name)",
    "HF_TOKEN_PATH": "file that holds the token",
    "HF_HOME": "directory with the file 'token'",
    "XDG_CACHE_HOME": "~/.cache by default: huggingface/token, hfjobs/",
    "XDG_STATE_HOME": "~/.local/state by default: hfjobs/",
    "HF_ENDPOINT": "the Hub, https://huggingface.co by default",
    "HF_HUB_OFFLINE": "1 = make no request",
    "HF_DEBUG": "1 = --debug",
    "HFJOBS_DEMO": "1 = --demo",
    "HFJOBS_TIMEOUT": "seconds to wait for a response, 30 by default",
    "HFJOBS_EMULATOR_TOKEN": "token of 'hfjobs emulator'",
    "HFJOBS_ALLOW_HTTP": "1 = send the token over plain http anywhere",
    "HTTPS_PROXY": "URL of a proxy; also HTTP_PROXY, ALL_PROXY",
    "NO_PROXY": "hosts to reach without the proxy",
    "SSL_CERT_FILE": "trusted certificates; also SSL_CERT_DIR",
    "HFJOBS_NAMESPACE": "default of --namespace",
    "HFJOBS_TIMES": "iso or relative: how tables show times",
    "HFJOBS_CONFIG": "configuration file, in place of the one below",
    "XDG_CONFIG_HOME": "~/.config by default: hfjobs/config.toml",
    "NO_COLOR": "if set, no colors",
    "FORCE_COLOR": "if set, colors also in a pipe; 0 = none",
    "COLUMNS": "overrides the width of the terminal",
    "PAGER": "shows help that is longer than the screen; less by default",
}
"""Every environment variable that is read, for help and README. Options override them."""

CONNECTION_SETTINGS = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR")
"""The variables that httpx reads from the environment of the process."""

_HOST_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789_-")
_NO_TOKEN_HAS = set(" \"'")
"""Characters of no token. Quotes remain if a file of variables is not read by a shell: `docker run --env-file`."""

_TRUE_WORDS = ("1", "on", "yes", "true")


class Overrides(NamedTuple):
    """Settings from command-line options; they override the environment."""

    token: str | None = None
    endpoint: str | None = None
    demo: bool = False
    debug: bool = False
    emulator_dir: Path | None = None

    def __repr__(self) -> str:
        """Leave the token out, wherever this may be printed."""
        return f"{type(self).__name__}(endpoint={self.endpoint!r})"

    def over(self, other: Overrides) -> Overrides:
        """Return these overrides with gaps filled from `other`."""
        return Overrides(
            token=self.token if self.token is not None else other.token,
            endpoint=self.endpoint if self.endpoint is not None else other.endpoint,
            demo=self.demo or other.demo,
            debug=self.debug or other.debug,
            emulator_dir=self.emulator_dir or other.emulator_dir,
        )


class Defaults(NamedTuple):
    """The default columns and format of a command, and their places in the configuration file."""

    columns: str | None = None
    format_: str | None = None
    columns_at: str = ""
    format_at: str = ""


class ConfigFile(NamedTuple):
    """The contents of the configuration file; empty without one.

    `commands` are the defaults of commands by their words, and `places` the places of keys as FILE:LINE.
    """

    namespace: str | None = None
    times: str | None = None
    commands: Mapping[tuple[str, ...], Defaults] = {}
    places: Mapping[tuple[str, ...], str] = {}


class Settings(NamedTuple):
    """The settings of one run. `token_source` and `namespace_source` say where those come from."""

    endpoint: str
    token: str | None
    token_source: str | None
    timeout_secs: float
    is_demo: bool
    is_offline: bool
    is_debug: bool
    cache_dir: Path
    emulator_dir: Path
    namespace: str | None = None
    namespace_source: str = "HFJOBS_NAMESPACE"

    def __repr__(self) -> str:
        """Leave the token out, wherever this may be printed."""
        return f"{type(self).__name__}(endpoint={self.endpoint!r})"


def load_settings(
    environ: Mapping[str, str],
    overrides: Overrides,
    file: ConfigFile = ConfigFile(),  # noqa: B008 - it is constant
) -> Settings:
    """Return the settings; those of `file` come last. Raises UsageError for an invalid or unsafe one."""
    is_demo = wants_demo(environ, overrides)
    if is_demo and (overrides.endpoint is not None or overrides.token is not None):
        option = "--token" if overrides.endpoint is None else "--endpoint"
        raise conflict(option, "--demo", hint="remove one of them; HFJOBS_DEMO=1 means --demo too")
    token, token_source = (None, None) if is_demo else _find_token(environ, overrides.token)
    home = _home(environ)
    named = environ.get("HFJOBS_NAMESPACE", "").strip()
    return Settings(
        endpoint=DEMO_ENDPOINT if is_demo else _endpoint(environ, overrides.endpoint),
        token=token,
        token_source=token_source,
        timeout_secs=_timeout(environ),
        is_demo=is_demo,
        is_offline=_is_true(environ.get("HF_HUB_OFFLINE")) and not is_demo,
        is_debug=is_debug(environ, overrides),
        cache_dir=_directory(environ, "XDG_CACHE_HOME", home / ".cache") / "hfjobs",
        emulator_dir=overrides.emulator_dir or emulator_directory(environ),
        namespace=named or file.namespace,
        namespace_source="HFJOBS_NAMESPACE" if named else file.places.get(("namespace",), ""),
    )


def wants_demo(environ: Mapping[str, str], overrides: Overrides) -> bool:
    """Return whether `--demo` is given."""
    return overrides.demo or _is_true(environ.get("HFJOBS_DEMO"))


def is_debug(environ: Mapping[str, str], overrides: Overrides) -> bool:
    """Return whether `--debug` is given."""
    return overrides.debug or _is_true(environ.get("HF_DEBUG"))


def emulator_directory(environ: Mapping[str, str]) -> Path:
    """Return the directory for the jobs of the emulator."""
    return state_directory(environ) / "emulator"


def state_directory(environ: Mapping[str, str]) -> Path:
    """Return the directory for state: the jobs of the emulator, locks of sweeps."""
    return _directory(environ, "XDG_STATE_HOME", _home(environ) / ".local" / "state") / "hfjobs"


def config_path(environ: Mapping[str, str]) -> Path:
    """Return the path of the configuration file, which may not exist."""
    named = environ.get("HFJOBS_CONFIG")
    if named:
        return _expand(named, environ)
    home = _home(environ)
    default = home / ".config"
    if os.name == "nt":
        default = Path(environ.get("APPDATA") or home / "AppData" / "Roaming")
    return _directory(environ, "XDG_CONFIG_HOME", default) / "hfjobs" / "config.toml"


def is_loopback(endpoint: str) -> bool:
    """Return whether an endpoint is on this machine. Names below .localhost are not: DNS may resolve them."""
    host = urlsplit(endpoint).hostname or ""
    parts = host.split(".")
    is_address = len(parts) == 4 and parts[0] == "127" and all(digits(part) is not None for part in parts)
    return is_address or host in ("localhost", "::1")


def _endpoint(environ: Mapping[str, str], option: str | None) -> str:
    source = "HF_ENDPOINT" if option is None else "--endpoint"
    text = (option if option is not None else environ.get("HF_ENDPOINT") or DEFAULT_ENDPOINT).strip()
    hint = f"set {source} to a URL such as {DEFAULT_ENDPOINT}"
    try:
        parts = urlsplit(text)
        is_address = parts.scheme in ("http", "https") and _is_host(parts.hostname or "") and parts.port != 0
    except ValueError:
        is_address = False
    if not is_address or set(text) & set("?# ") or not text.isprintable():
        raise UsageError(f"invalid Hub URL '{_without_password(text)}'", hint=hint)
    if "@" in parts.netloc:
        raise UsageError(f"{source} must not contain a user name or password", hint=hint)
    endpoint = text.rstrip("/")
    allowed = parts.scheme == "https" or is_loopback(endpoint) or _is_true(environ.get("HFJOBS_ALLOW_HTTP"))
    if not allowed:
        raise UsageError(
            f"refusing to send the token over plain http to {parts.netloc}",
            hint="use https, or set HFJOBS_ALLOW_HTTP=1 if you trust that network",
        )
    return endpoint


def _is_host(text: str) -> bool:
    """Return whether `text` is a host name in ASCII or an address."""
    parts = text.removesuffix(".").split(".")
    return ":" in text or all(0 < len(part) < 64 and _HOST_CHARACTERS.issuperset(part) for part in parts)


def _without_password(text: str) -> str:
    return text.rpartition("@")[2]


def _timeout(environ: Mapping[str, str]) -> float:
    text = environ.get("HFJOBS_TIMEOUT")
    seconds = number(text) if text else DEFAULT_TIMEOUT_SECS
    if seconds is None or not 0 < seconds < 86_400:
        raise UsageError(f"invalid HFJOBS_TIMEOUT '{text}'", hint="use seconds, more than 0 and less than 86400")
    return seconds


def _find_token(environ: Mapping[str, str], option: str | None) -> tuple[str | None, str | None]:
    """Return the first token, in the documented order, and its source."""
    if option is not None and not option.strip():
        raise empty_option("--token")
    for text, source in _token_candidates(environ, option):
        token = text.strip()
        if token:
            if not token.isascii() or not token.isprintable() or set(token) & _NO_TOKEN_HAS:
                raise UsageError(
                    f"the token from {source} contains invalid characters",
                    hint="copy it again from https://huggingface.co/settings/tokens",
                )
            return token, source
    return None, None


def _token_candidates(environ: Mapping[str, str], option: str | None) -> Iterator[tuple[str, str]]:
    if option is not None:
        yield option, "--token"
    for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"):
        yield environ.get(name, ""), name
    files = []
    if environ.get("HF_TOKEN_PATH"):
        files.append(_expand(environ["HF_TOKEN_PATH"], environ))
    if environ.get("HF_HOME"):
        files.append(_expand(environ["HF_HOME"], environ) / "token")
    cache = _home(environ) / ".cache"
    files += dict.fromkeys(
        each / "huggingface" / "token" for each in (_directory(environ, "XDG_CACHE_HOME", cache), cache)
    )
    for path in files:
        try:
            yield read_token(path), f"the file {path}"
        except (FileNotFoundError, NotADirectoryError):
            continue
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "not text, or too long"
            raise UsageError(
                f"cannot read the token file {path}: {reason}", hint="fix or remove that file, or set HF_TOKEN"
            ) from None


def read_token(path: Path) -> str:
    """Read a token file, which may be a pipe. Raises OSError, and ValueError if it is too long or not text."""
    with path.open("rb") as file:
        content = file.read(MAX_TOKEN_BYTES + 1)
    if len(content) > MAX_TOKEN_BYTES:
        raise ValueError("too long")
    return content.decode("utf-8-sig")


def choice(environ: Mapping[str, str], name: str, words: Sequence[str]) -> str | None:
    """Return the value of a variable with a choice of words; None if it is not set. Raises UsageError."""
    text = environ.get(name, "").strip()
    word = text.lower()
    if word and word not in words:
        raise UsageError(f"invalid {name} '{text}'", hint=f"use {either(words)}")
    return word or None


def _is_true(text: str | None) -> bool:
    return (text or "").strip().lower() in _TRUE_WORDS


def _home(environ: Mapping[str, str]) -> Path:
    # On Windows `hf` reads USERPROFILE, also in shells that set HOME.
    named = environ.get("USERPROFILE" if os.name == "nt" else "HOME")
    try:
        return Path(named) if named else Path.home()
    except RuntimeError:  # a user in a container without an entry in passwd
        return Path(os.devnull)


def _directory(environ: Mapping[str, str], name: str, default: Path) -> Path:
    """Return a directory of the XDG specification, which says to ignore one that is not absolute."""
    given = _expand(environ[name], environ) if environ.get(name) else default
    return given if given.is_absolute() else default


def _expand(text: str, environ: Mapping[str, str]) -> Path:
    """Expand `~` and `$NAME` as huggingface_hub does for these settings."""

    def value(found: re.Match[str]) -> str:
        name = found[1].strip("{}")
        return "$" if name == "$" else environ.get(name, found[0])

    expanded = re.sub(r"(?a)\$(\$|[a-zA-Z_]\w*|\{[a-zA-Z_]\w*\})", value, text)
    if expanded == "~" or expanded.startswith(("~/", "~\\")):
        return _home(environ) / expanded[2:]
    return Path(expanded)
