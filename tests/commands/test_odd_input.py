"""What nobody means to type, and what no Hub should say: one line and an exit code, and no secret in it."""

from __future__ import annotations

import base64
import html
import json
import urllib.parse
from pathlib import Path

import pytest

from tests.support import (
    BY_HAND,
    DAILY_SCHEDULE,
    USER,
    Hfjobs,
    Hub,
    Result,
    full_disk,
    in_turn,
    posix_only,
    run_command,
)

DIGITS = "9" * 400
"""More than a float holds."""

IMAGE = ("python:3.12", "env")


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["run", "--timeout", DIGITS, *IMAGE], f"invalid timeout '{DIGITS}'"),
        (["run", "--max-cost", "nan", *IMAGE], "invalid value for '--max-cost': 'nan' is not a number"),
        (["run", "--max-cost", "inf", *IMAGE], "invalid value for '--max-cost': 'inf' is not a number"),
        (["ps", "--watch=nan"], "invalid value for '--watch': 'nan' is not a number"),
        (["ps", "--watch=1e308"], "invalid value for '--watch': 1e+308 is not in the range 0.5<=x<=86400"),
        (
            ["scheduled", "reschedule", DAILY_SCHEDULE, f"{'9' * 4999} * * * *"],
            f"error: invalid cron expression '{'9' * 500}",
        ),
        (
            ["run", "--spec", "~nobody-of-that-name/job.json", *IMAGE],
            "cannot read --spec ~nobody-of-that-name/job.json",
        ),
        (
            ["run", "--env-file", "~nobody-of-that-name/.env", *IMAGE],
            "cannot read --env-file ~nobody-of-that-name/.env",
        ),
        (
            ["run", "-v", "~nobody-of-that-name/data:/data", *IMAGE],
            "'~nobody-of-that-name/data' is not a local directory",
        ),
        (["run", "--spec", "a\0b", *IMAGE], ": embedded null byte"),
    ],
    ids=lambda value: value[1][:12] if isinstance(value, list) else "",
)
def test_what_cannot_be_meant_is_wrong_usage(hfjobs: Hfjobs, hub: Hub, argv: list[str], said: str) -> None:
    code, stdout, stderr = hfjobs(*argv)

    assert (code, stdout) == (2, "")
    assert said[:900] in stderr
    assert not any(request.method == "POST" for request in hub.requests)


ARABIC, WIDE, POWER = "\u0661", "\uff15", "\u00b2"
"""Digits to Python: one, five, and the second power."""


ODD = [ARABIC, WIDE, POWER, "1_0", "+5", f"1{ARABIC}"]


@pytest.mark.parametrize(
    "argv",
    [
        ["expose", BY_HAND, "{}"],
        ["expose", BY_HAND, "--public", "{}"],
        ["run", "-d", "--expose", "{}", *IMAGE],
        ["run", "-d", "--expose-public={}", *IMAGE],
        ["run", "-d", "--attempts", "{}", *IMAGE],
        ["run", "-d", "--arguments", "{}", *IMAGE],
        ["run", "-d", "--max-cost", "{}", *IMAGE],
        ["run", "-d", "--max-cost", "{}.5", *IMAGE],
        ["run", "-d", "--timeout", "{}", *IMAGE],
        ["run", "-d", "--timeout", "{}m", *IMAGE],
        ["uv", "run", "-d", "--attempts", "{}", "tool"],
        ["scheduled", "run", "@daily", "--attempts", "{}", *IMAGE],
        ["scheduled", "run", "{} * * * *", *IMAGE],
        ["scheduled", "run", "*/{} * * * *", *IMAGE],
        ["scheduled", "reschedule", DAILY_SCHEDULE, "0 {} * * *"],
        ["duplicate", BY_HAND, "--attempts", "{}"],
        ["logs", "--tail", "{}", BY_HAND],
        ["logs", "--since", "{}h", BY_HAND],
        ["describe", "--tail", "{}", BY_HAND],
        ["wait", "--timeout", "{}", BY_HAND],
        ["wait", "--timeout", "{}s", BY_HAND],
        ["tree", "--depth", "{}", BY_HAND],
        ["ps", "--limit", "{}"],
        ["ps", "--width", "{}"],
        ["ps", "--watch={}", "--format", "none"],  # so that it ends in any case
        ["ps", "--since", "{}d"],
        ["ps", "--until", "2026-05-1{}"],
        ["ps", "--filter", "retry={}"],
        ["ps", "--filter", "timeout={}"],
        ["inspect", "@{}"],
    ],
    ids=" ".join,
)
def test_a_number_is_of_ascii_digits(hfjobs: Hfjobs, hub: Hub, argv: list[str]) -> None:
    for odd in ODD:
        code, stdout, stderr = hfjobs(*[word.format(odd) for word in argv])

        assert (odd, code, stdout) == (odd, 2, "")
        assert stderr.startswith("error: ")
        assert odd in stderr
    assert hub.requests == []


@pytest.mark.parametrize("odd", ["5 ", " 5", "5\n", "-", "--1", "0x5", "1e3", "5."])
def test_a_whole_number_is_nothing_but_that(hfjobs: Hfjobs, hub: Hub, odd: str) -> None:
    assert hfjobs("ps", f"--limit={odd}") == Result(
        2, "", f"error: invalid value for '--limit': {odd!r} is not a whole number\nhint: see 'hfjobs ps --help'\n"
    )
    assert hub.requests == []


@pytest.mark.parametrize(("text", "port"), [("80", 80), ("0080", 80), ("65535", 65535)])
def test_digits_are_a_number(hfjobs: Hfjobs, text: str, port: int) -> None:
    result = hfjobs("run", "--dry-run", "--format", "json", "--expose", text, *IMAGE)

    assert json.loads(result.stdout)["expose"]["ports"] == [port]


@pytest.mark.parametrize(("text", "said"), [("0", "0"), ("-1", "-1"), ("65536", "65536")])
def test_a_number_out_of_its_range_is_told_with_the_range(hfjobs: Hfjobs, text: str, said: str) -> None:
    assert hfjobs("run", f"--expose={text}", *IMAGE) == Result(
        2,
        "",
        f"error: invalid value for '--expose': {said} is not in the range 1<=x<=65535\nhint: see 'hfjobs run --help'\n",
    )


@pytest.mark.parametrize("odd", [ARABIC, "1_0", "+5", " 5", "nan", "inf", "1e9"])
def test_a_timeout_of_the_environment_too(hfjobs: Hfjobs, odd: str) -> None:
    code, _, stderr = hfjobs("ps", HFJOBS_TIMEOUT=odd)

    assert code == 2
    assert stderr.startswith(f"error: invalid HFJOBS_TIMEOUT '{odd}'\nhint: use seconds")


def test_more_dollars_than_a_job_can_cost_set_the_longest_timeout(hfjobs: Hfjobs) -> None:
    result = hfjobs("run", "--dry-run", "--format", "json", "--max-cost", "1e308", *IMAGE)

    assert result.code == 0
    assert 2**52 < json.loads(result.stdout)["timeoutSeconds"] < 2**53


@pytest.mark.parametrize(
    "spec",
    [
        {"dockerImage": "a", "command": ["\ud800"]},
        {"dockerImage": "\ud800"},
        {"dockerImage": "a", "environment": {"AA": "\ud800"}},
    ],
    ids=["command", "image", "variable"],
)
def test_half_a_character_in_a_spec_is_refused(hfjobs: Hfjobs, tmp_path: Path, spec: object) -> None:
    file = tmp_path / "job.json"
    file.write_text(json.dumps(spec), encoding="utf-8")

    code, stdout, stderr = hfjobs("run", "--spec", str(file))

    assert (code, stdout) == (2, "")
    assert stderr.startswith("error: ")


@pytest.mark.parametrize(
    "secret",
    ["-----BEGIN KEY-----\nMIIEpAIBAAKCAQEA\n-----END KEY-----\n", "x" * 30, "pa55"],
    ids=["several lines", "at the cut", "short"],
)
def test_a_secret_that_the_hub_repeats_is_not_shown(hfjobs: Hfjobs, hub: Hub, secret: str) -> None:
    before = "." * 480 if secret.startswith("x") else "no such value: "
    hub.replies(400, json.dumps({"error": f"{before} {secret}"}))

    code, stdout, stderr = hfjobs("run", "-d", "-s", "KEY", *IMAGE, KEY=secret)

    assert (code, stdout) == (1, "")
    assert "***" in stderr
    assert not any(part in stderr for part in (secret.strip()[:10], "MIIEpA", "pa55"))


SECRET = "p&ss wörd/+<\"1\\2'>🤗="
SPELLED = [
    urllib.parse.quote(SECRET),
    urllib.parse.quote(SECRET, safe="").lower(),
    urllib.parse.quote_plus(SECRET),
    json.dumps(SECRET)[1:-1],
    json.dumps(json.dumps(SECRET))[1:-1],
    json.dumps(SECRET, ensure_ascii=False)[1:-1].replace("/", "\\/"),
    html.escape(SECRET),
    html.escape(SECRET).encode("ascii", "xmlcharrefreplace").decode(),
    "".join(f"&#x{ord(char):X};" if not char.isalnum() else char for char in SECRET),
    base64.b64encode(SECRET.encode()).decode(),
    base64.urlsafe_b64encode(SECRET.encode()).decode().rstrip("="),
]


PARTS = [
    *((each, each) for each in SPELLED),
    # Alone, and behind or before something else, which may be seen.
    *((each, each[8:]) for each in [base64.b64encode(f"alice:{SECRET}".encode()).decode()]),
    *((each, each[8:]) for each in [base64.b64encode(f"alic:{SECRET}".encode()).decode()]),
    *((each, each[:-18]) for each in [base64.b64encode(f"{SECRET}, and more".encode()).decode()]),
]
PLACES = ["error", "message", "header", "request id", "value", "cut value"]


@pytest.mark.parametrize(("spelling", "where"), in_turn(PARTS, PLACES, times=2))
def test_a_secret_that_the_hub_repeats_in_another_spelling(
    hfjobs: Hfjobs, hub: Hub, spelling: tuple[str, str], where: str
) -> None:
    spelled, part = spelling
    is_header = where in ("request id", "header")
    if is_header and not spelled.isascii():
        spelled, part = "***", "p&ss"
    if where == "request id":
        hub.replies(400, '{"error": "no"}', {"X-Request-Id": spelled})
    elif where == "header":
        hub.replies(400, "", {"X-Error-Message": f"bad value {spelled}!"})
    elif where in ("error", "message"):
        hub.replies(400, json.dumps({where: f"bad value {spelled}!"}))
    else:
        odd = ("." * 45 if where == "cut value" else "") + spelled
        hub.replies(200, json.dumps(hub.job(createdAt=odd)))

    result = hfjobs("run", "-d", "--namespace", USER, "-s", "KEY", *IMAGE, KEY=SECRET)

    assert "***" in result.stderr
    assert not any(part[at : at + 6] in result.stderr for at in range(max(1, len(part) - 5)))


@pytest.mark.parametrize("word", [USER, "error", "hint", "jobs", "logs", "created", "namespace", "warning"])
def test_a_secret_that_is_a_word_leaves_the_program_its_own(hfjobs: Hfjobs, hub: Hub, word: str) -> None:
    result = hfjobs("run", "-d", "-s", "HF_USERNAME", *IMAGE, HF_USERNAME=word)
    new = hub.all_jobs()[0]["id"]
    assert result == Result(0, f"{new}  {hub.endpoint}/jobs/{USER}/{new}\n", "")
    hub.replies(500, json.dumps({"error": f"the value {word} is bad"}), times=1)

    lost = hfjobs("run", "-d", "-s", "HF_USERNAME", *IMAGE, HF_USERNAME=word)

    assert "the value *** is bad" in lost.stderr
    assert lost.stderr.count("***") == 1


def test_a_secret_that_is_too_short_to_be_hidden(hfjobs: Hfjobs) -> None:
    result = hfjobs("run", "-d", "-q", "-s", "PIN", "-s", "KEY", *IMAGE, PIN="123", KEY="1234")
    told = "warning: PIN is too short to be masked in messages of the Hub\n"
    assert (result.code, result.stderr) == (0, told)


@pytest.mark.parametrize("answer", [{}, {"usage": None}], ids=["missing", "null"])
def test_bills_that_are_missing_cost_no_listing(hfjobs: Hfjobs, hub: Hub, answer: object) -> None:
    hub.replies_to("/api/settings/billing/usage/jobs", 200, json.dumps(answer))

    code, stdout, _ = hfjobs("ps", "-a", "--columns", "id,cost", "--limit", "1")

    assert code == 0
    assert "$" in stdout


@posix_only
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_schedule_that_cannot_be_shown_is_told_of(hfjobs: Hfjobs, hub: Hub) -> None:
    with full_disk() as disk:
        result = run_command("scheduled", "run", "@daily", *IMAGE, environ=hfjobs.environ, stdout=disk)

    with hub.store.read() as tables:
        made = max(tables.schedules(), key=lambda each: each["createdAt"])["id"]
    assert result.code == 1
    assert result.stderr.splitlines()[0] == f"created: {made}"
