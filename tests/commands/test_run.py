"""`hfjobs run`: what is sent, what is refused before it is, and that it is sent once. The peer: test_same_requests."""

import io
import json
import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.emulator.emulation import Emulator, until
from tests.support import (
    EQUAL,
    TOKEN,
    USER,
    Hfjobs,
    Hub,
    Misbehavior,
    Result,
    Stall,
    act_and_hang_up,
    act_and_reply,
    command,
    command_environ,
    hang_up,
    posix_only,
    run_here,
    signalled,
    truncate,
)

HOURLY = "cpu-upgrade"
"""A flavor of 3 cents an hour."""


def body_of(program: Hfjobs, *argv: str, stdin: str = "", **environ: str) -> Any:
    """Return the body that a command line would send."""
    name, *rest = argv
    code, stdout, stderr = program.given(environ)(name, "--dry-run", "--json", *rest, stdin=stdin)
    assert code == 0, stderr
    return json.loads(stdout)


def posts(hub: Hub) -> list[str]:
    return [path for path in hub.paths if path.startswith("POST")]


class TestBetter:
    """Where it departs from the official client, on purpose."""

    @pytest.mark.parametrize(
        "value", ["hello # world", '"quoted"', "'x'", " a b ", "a\\nb", "one\ntwo", "$HOME", "=", ""]
    )
    def test_a_value_is_taken_as_it_is(self, hfjobs: Hfjobs, value: str) -> None:
        assert body_of(hfjobs, "run", "-e", f"MSG={value}", "ubuntu", "env")["environment"] == {"MSG": value}

    @pytest.mark.parametrize(
        "words",
        [
            ("python", "-e", "A=1"),
            ("echo", "--", "x"),
            ("sh", "-d", "-e", "AB=1", "--help"),
            ("sh", "--name", "x", "--debug"),
            ("hfjobs", "ps", "-q"),
        ],
    )
    def test_what_comes_after_the_image_belongs_to_the_command(self, hfjobs: Hfjobs, words: tuple[str, ...]) -> None:
        body = body_of(hfjobs, "run", "ubuntu", *words)
        assert (body["command"], body["flavor"], body["environment"]) == ([*words], "cpu-basic", {})

    def test_dashes_right_behind_the_image_are_none_of_its_words(self, hfjobs: Hfjobs) -> None:
        assert body_of(hfjobs, "run", "ubuntu", "--", "echo", "--", "x")["command"] == ["echo", "--", "x"]

    def test_an_option_right_behind_the_image_is_told_of(self, hfjobs: Hfjobs) -> None:
        code, _, stderr = hfjobs("run", "--dry-run", "ubuntu", "-x", "y")
        assert code == 0
        assert stderr.splitlines()[0] == "warning: the command starts with '-x'; put options of hfjobs before IMAGE"

    def test_a_name_made_of_a_long_image_is_cut(self, hfjobs: Hfjobs) -> None:
        name = body_of(hfjobs, "run", f"registry/{'long-' * 30}:1", "true")["labels"]["name"]
        assert (len(name), name[:10], name[-9]) == (100, "long-long-", "-")

    def test_a_file_of_variables_may_have_values_of_several_lines(self, hfjobs: Hfjobs, tmp_path: Path) -> None:
        (tmp_path / "x.env").write_text("KEY='one\ntwo'\nOTHER=${KEY}\n")
        body = body_of(hfjobs, "run", "--env-file", str(tmp_path / "x.env"), "ubuntu", "env")
        assert body["environment"] == {"KEY": "one\ntwo", "OTHER": "${KEY}"}

    def test_variables_come_from_stdin(self, hfjobs: Hfjobs) -> None:
        body = body_of(hfjobs, "run", "--env-file", "-", "ubuntu", "env", stdin="AB=1\n")
        assert body["environment"] == {"AB": "1"}

    def test_arguments_arch_and_no_name(self, hfjobs: Hfjobs) -> None:
        body = body_of(hfjobs, "run", "--arguments", "2", "--arch", "arm64", "--no-name", "ubuntu", "a", "-b", "c")
        assert (body["command"], body["arguments"]) == (["a"], ["-b", "c"])
        assert (body["arch"], "labels" in body) == ("arm64", False)


WRONG = [
    (("--timeout", "90x"), "invalid timeout '90x'", "use 90s, 30m, 1.5h, 1h30m, 2d or 1w"),
    (("--timeout", "2H"), "invalid timeout '2H'", "did you mean '2h'?"),
    (("--timeout", "1mo"), "invalid timeout '1mo'", "use 90s"),
    (("--timeout", "1h ago"), "invalid timeout '1h ago'", "use 90s"),
    (("--timeout", "-5m"), "invalid timeout '-5m'", "use 90s"),
    (("--timeout", "0"), "invalid timeout '0'", "use 1s or more"),
    (("--timeout", "0.5s"), "invalid timeout '0.5s'", "use 1s or more"),
    (("--timeout", "9" * 20), f"invalid timeout '{'9' * 20}'", "use at most 104249991374d7h"),
    (("--timeout", ""), "--timeout is empty", "remove --timeout"),
    (("--flavor", "a10-small"), "unknown flavor 'a10-small'", "did you mean 'a10g-small'?"),
    (("--flavor", ""), "--flavor is empty", "remove --flavor"),
    (("--name", "bad name!"), "invalid job name 'bad name!'", "'bad-name'"),
    (("--name", "x" * 101), f"invalid job name '{'x' * 101}'", "at most 100"),
    (("--name", ""), "--name is empty", "remove --name"),
    (("--name", "a", "-l", "name=b"), "--name a cannot be used with --label name=b", "remove one of them"),
    (("--name", "a", "--no-name"), "--name cannot be used with --no-name", "remove one of them"),
    (("-l", "name=x", "--no-name"), "-l name=x cannot be used with --no-name", "remove one of them"),
    (("-d", "--cancel-on-interrupt"), "--cancel-on-interrupt cannot be used with --detach", "remove one of them"),
    (("-l", "a b=c"), "invalid label key 'a b'", "'a-b'"),
    (("-l", "k=a/b"), "invalid value in label 'k=a/b'", "'a-b'"),
    (("-l", "=v"), "label '=v' is not KEY=VALUE", "use a key of"),
    (("-e", "A=1"), "invalid variable name 'A'", "only secrets can have names of one letter"),
    (("-e", "1A=1"), "invalid variable name '1A'", "starting with a letter"),
    (("-e", "_AB=1"), "invalid variable name '_AB'", "did you mean 'AB'?"),
    (("-e", "MY-VAR=1"), "invalid variable name 'MY-VAR'", "did you mean 'MY_VAR'?"),
    (("-e", "=1"), "-e '=...' has no name", "NAME=VALUE"),
    (("-e", "BIG=" + "x" * 140_000), "the value of BIG has 140000 bytes", "put it in a file in a bucket"),
    (("-s", "MY-KEY=1"), "invalid secret name 'MY-KEY'", "did you mean 'MY_KEY'?"),
    (("-s", "NOT_SET"), "the job needs a secret that is not set here: NOT_SET", "export NOT_SET=..."),
    (("-s", "NOT_SET", "-s", "NEITHER"), "the job needs secrets that are not set here: NOT_SET, NEITHER", "export"),
    (("--env-file", "/no/such"), "cannot read --env-file /no/such", "NAME=VALUE"),
    (("--env-file", "-", "--secrets-file", "-"), "--env-file and --secrets-file cannot both read stdin", "use a file"),
    (("-v", "hf://alice/model"), "volume 'hf://alice/model' has no mount path", ":/data"),
    (("-v", "hf://alice/model:/"), "cannot be mounted at '/'", "/MOUNT"),
    (("-v", "hf://lone:/m"), "'lone' is not OWNER/NAME", "hf://"),
    (("-v", "hf://dataset/alice/x:/m"), "has no valid type", "did you mean 'hf://datasets/alice/x'?"),
    (("-v", "hf://kernels/alice/x:/m"), "is a kernel", "types: models"),
    (("-v", "hf://alice/model:/m:rw"), "cannot be mounted for writing", "only buckets are writable"),
    (("-v", "hf://buckets/alice/b@v1:/m"), "has a revision, but buckets have none", "remove"),
    (("-v", "hf://alice/m@:/m"), "has no revision after '@'", "@main"),
    (("-v", "hf://alice/m//x:/m"), "has an empty part in its path", "one /"),
    (("-v", "hf://alice/m:/m", "-v", "hf://bob/m:/m"), "mount path '/m' given twice", "give it once"),
    (("-v", "./no-such-dir:/m"), "volume './no-such-dir' is not a local directory", "hf://buckets/OWNER/NAME:/m"),
    (("--expose", "0"), "invalid value for '--expose'", "--help"),
    (("--expose", "x"), "invalid value for '--expose'", "--help"),
    (tuple(f"--expose={port}" for port in range(1, 22)), "too many ports: 21", "use at most 20"),
    (("--attempts", "0"), "invalid value for '--attempts'", "--help"),
    (("--network-group", "Big_Group"), "invalid network group 'Big_Group'", "did you mean 'big-group'?"),
    (("--network-group", "g" * 47), "invalid network group", "did you mean 'ggg"),
    (("--network-alias", "a"), "--network-alias needs a network group", "--network-group"),
    (("--network-group", "g", "--network-alias", "A"), "invalid network alias 'A'", "did you mean 'a'?"),
    (("--network-group", "g", *("--network-alias", "a") * 2), "network alias 'a' given twice", "once"),
    (("--resource-group-id", "team"), "invalid resource group 'team'", "24 hexadecimal"),
    (("--arch", "x86"), "invalid CPU architecture 'x86'", "amd64, arm64"),
    (("--namespace", "a/b"), "invalid namespace 'a/b'", "letters"),
    (("--flavour", "t4-small"), "no such option: --flavour", "did you mean '--flavor'?"),
    (("--format", "yml", "-d"), "unknown format 'yml'", "one of"),
]


class TestNothingWrongIsSent:
    @pytest.mark.parametrize(("options", "message", "hint"), WRONG, ids=[" ".join(each[0])[:40] for each in WRONG])
    def test_it_is_found_before(
        self, hfjobs: Hfjobs, hub: Hub, options: tuple[str, ...], message: str, hint: str
    ) -> None:
        code, stdout, stderr = hfjobs("run", "-d", *options, "ubuntu", "true")
        error, advice = (line for line in stderr.splitlines() if not line.startswith("warning: "))
        assert (code, stdout) == (2, "")
        assert error.startswith("error: ")
        assert message in error
        assert advice.startswith("hint: ")
        assert hint in advice
        assert set(hub.paths) <= {"GET /api/jobs/hardware"}

    @pytest.mark.parametrize(
        ("words", "message"),
        [
            ((), "missing argument 'IMAGE'"),
            (("", "true"), "the image is empty"),
            (("my image", "true"), "invalid image 'my image'"),
            (("https://hub.docker.com/python", "true"), "invalid image 'https://hub.docker.com/python'"),
            (("hf.co/spaces/alice", "true"), "invalid Space 'alice'"),
            (("hf.co/spaces/alice/app/x", "true"), "invalid Space 'alice/app/x'"),
            (("ubuntu", "echo", ""), "an argument of the command is empty"),
            (("ubuntu", "echo", "\udcff"), "an argument of the command is not UTF-8"),
            (("ubuntu", "echo", "x" * 131072), "an argument of the command has 131072 bytes"),
        ],
    )
    def test_image_and_command_too(self, hfjobs: Hfjobs, hub: Hub, words: tuple[str, ...], message: str) -> None:
        code, stdout, stderr = hfjobs("run", "-d", *words)
        assert (code, stdout) == (2, "")
        assert message in stderr
        assert "hint: " in stderr
        assert hub.requests == []

    @pytest.mark.parametrize("option", ["--secrets-file", "--env-file"])
    @pytest.mark.parametrize("format_", [(), ("--dry-run",)])
    @pytest.mark.parametrize(
        ("text", "line", "told"),
        [
            ("sk-proj-{}\n", 1, "does not start with a name"),
            ("AB=1\n{}_{}/+==\n", 2, "does not start with a name"),
            ("-----BEGIN RSA PRIVATE KEY-----\n{}\n-----END\n", 1, "is not NAME=VALUE"),
            ("{}\n", 1, "looks like a key, not like NAME=VALUE"),
            ("AB=1\n{}=\n", 2, "looks like a key, not like NAME=VALUE"),
            ("{}==\n", 1, "looks like a key, not like NAME=VALUE"),
            ("hf_abcdefgh\n", 1, "is a name without a value, and it is not set here"),
        ],
    )
    def test_a_file_that_holds_just_a_key_is_not_repeated(
        self,
        hfjobs: Hfjobs,
        hub: Hub,
        tmp_path: Path,
        option: str,
        format_: tuple[str, ...],
        text: str,
        line: int,
        told: str,
    ) -> None:
        """Neither in errors and hints nor as a name that is sent."""
        key = "Zm9vYmFyYmF6cXV4MDEy"
        file = tmp_path / "x"
        file.write_text(text.format(key, key))
        file.chmod(0o600)
        code, stdout, stderr = hfjobs("run", "-d", *format_, option, str(file), "ubuntu", "true")
        assert f"{option} {file}: line {line} {told}" in stderr
        assert not any(part in stdout + stderr for part in (key, "PRIVATE", "hf_abc"))
        is_left_out = option == "--env-file" and "without a value" in told
        assert code == (0 if is_left_out else 2)
        assert is_left_out or hub.requests == []

    @pytest.mark.parametrize("option", ["--secrets-file", "--env-file"])
    def test_a_stray_line_of_a_file_is_told_of_by_its_number(
        self, hfjobs: Hfjobs, hub: Hub, tmp_path: Path, option: str
    ) -> None:
        """As the official client it goes on, but not without a word, which is none of the line."""
        file = tmp_path / "x"
        file.write_text("AB=1234\n\n# remark\nthe s3cret thing\nCD=2345\n= no\n")
        file.chmod(0o600)
        code, _, stderr = hfjobs("run", "-d", option, str(file), "ubuntu", "true")
        assert (code, stderr) == (
            0,
            f"warning: {option} {file}: line 4 is not NAME=VALUE; the line is ignored\n"
            f"warning: {option} {file}: line 6 is not NAME=VALUE; the line is ignored\n",
        )
        (made,) = (job for job in hub.all_jobs() if job["command"] == ["true"])
        kept = made["environment"] if option == "--env-file" else dict.fromkeys(made["secrets"])
        assert list(kept) == ["AB", "CD"]

    @pytest.mark.parametrize("text", ['AB=1\nCD="2\nEF=3\n', "AB=1\nexport CD = '2\n"])
    def test_quotes_that_are_not_closed_are_an_error(self, hfjobs: Hfjobs, hub: Hub, tmp_path: Path, text: str) -> None:
        (tmp_path / "x.env").write_text(text)
        code, _, stderr = hfjobs("run", "-d", "--env-file", str(tmp_path / "x.env"), "ubuntu", "true")
        assert code == 2
        assert "x.env: line 2 is not NAME=VALUE\nhint: check for a missing closing quote\n" in stderr
        assert hub.requests == []

    def test_a_file_that_is_no_dotenv_names_the_line(self, hfjobs: Hfjobs, hub: Hub, tmp_path: Path) -> None:
        (tmp_path / "x.env").write_text("# remark\n= no\n")
        code, _, stderr = hfjobs("run", "-d", "--env-file", str(tmp_path / "x.env"), "ubuntu", "true")
        assert code == 2
        assert "x.env: line 2 is not NAME=VALUE\n" in stderr
        assert hub.requests == []


def test_names_in_a_network_may_be_as_long_as_the_hub_takes_them(hfjobs: Hfjobs) -> None:
    body = body_of(hfjobs, "run", "--network-group", "g" * 46, "--network-alias", "a" * 34, "ubuntu", "true")
    assert body["network"] == {"group": "g" * 46, "aliases": ["a" * 34]}


class TestTimeout:
    """One language for all lengths of time; what is sent are seconds."""

    @pytest.mark.parametrize(
        ("typed", "seconds"),
        [
            ("90", 90),
            ("90s", 90),
            ("30m", 1800),
            ("1.5h", 5400),
            (".5h", 1800),
            ("1h30m", 5400),
            ("1d12h", 129_600),
            ("1w", 604_800),
            ("90min", 5400),
            ("2 hours", 7200),
            ("1.9s", 1),
        ],
    )
    def test_is_sent_in_seconds(self, hfjobs: Hfjobs, typed: str, seconds: int) -> None:
        body = body_of(hfjobs, "run", "--timeout", typed, "ubuntu", "true")
        assert body["timeoutSeconds"] == seconds

    def test_the_name_is_made_of_what_is_typed(self, hfjobs: Hfjobs) -> None:
        """As the official client makes it: one and the same length of time has several names."""
        names = {
            body_of(hfjobs, "run", "--timeout", typed, "ubuntu", "true")["labels"]["name"] for typed in ("90", "90s")
        }
        assert len(names) == 2


def test_what_it_may_cost_is_spelled_with_separators(hfjobs: Hfjobs) -> None:
    told = hfjobs("run", "--dry-run", "--max-cost", "1e9", "--flavor", "a100-large", "ubuntu", "true").stdout
    assert "at most $999,999,999.98: " in told


class TestFlavor:
    def test_one_that_is_not_listed_can_be_insisted_on(self, hfjobs: Hfjobs, hub: Hub) -> None:
        assert hfjobs("run", "-d", "--flavor", "sprx8", "ubuntu", "true").code == 2
        assert hfjobs("run", "-d", "--flavor", "sprx8", "--any-flavor", "ubuntu", "true").code == 0
        assert hub.all_jobs()[0]["flavor"] == "sprx8"

    @pytest.mark.parametrize("status", [500, 429, 404, 200])
    def test_the_list_is_not_needed(self, hfjobs: Hfjobs, hub: Hub, status: int) -> None:
        """It is asked for once."""
        hub.replies_to("/api/jobs/hardware", status, '{"not": "a list"}')
        code, _, stderr = hfjobs("run", "-d", "--flavor", "t4-small", "ubuntu", "true")
        assert (code, stderr) == (0, "")
        assert hub.paths.count("GET /api/jobs/hardware") == 1
        assert hfjobs.pauses == []

    def test_the_common_one_needs_no_request(self, hfjobs: Hfjobs, hub: Hub) -> None:
        hfjobs("ps")
        del hub.requests[:]
        assert hfjobs("run", "-d", "ubuntu", "true").code == 0
        assert hub.paths == [f"POST /api/jobs/{USER}"]


class TestMoney:
    def test_the_most_it_may_cost_sets_the_timeout(self, hfjobs: Hfjobs) -> None:
        """3 cents an hour are 0.0005 dollars a minute."""
        argv = ("run", "--flavor", HOURLY, "--max-cost", "0.01", "ubuntu", "true")
        assert body_of(hfjobs, *argv)["timeoutSeconds"] == 20 * 60

    def test_for_each_attempt(self, hfjobs: Hfjobs) -> None:
        argv = ("run", "--flavor", HOURLY, "--max-cost", "0.01", "--attempts", "4", "ubuntu", "true")
        assert body_of(hfjobs, *argv)["timeoutSeconds"] == 5 * 60

    def test_a_shorter_timeout_stays(self, hfjobs: Hfjobs) -> None:
        argv = ("run", "--flavor", HOURLY, "--max-cost", "0.01", "--timeout", "2m", "ubuntu", "true")
        assert body_of(hfjobs, *argv)["timeoutSeconds"] == 120

    def test_too_little_for_a_minute_is_an_error(self, hfjobs: Hfjobs, hub: Hub) -> None:
        result = hfjobs("run", "-d", "--flavor", "h200x8", "--max-cost", "0.5", "ubuntu", "true")
        assert result == Result(
            2,
            "",
            "error: $0.50 is less than the price of one minute of h200x8, $0.67\n"
            "hint: 'hfjobs hardware --sort price' lists cheaper flavors\n",
        )
        assert posts(hub) == []

    def test_a_limit_that_cannot_be_kept_is_not_passed_over(self, hfjobs: Hfjobs, hub: Hub) -> None:
        hub.replies_to("/api/jobs/hardware", 503, "")
        code, stdout, stderr = hfjobs("run", "-d", "--max-cost", "1", "ubuntu", "true")
        assert (code, stdout) == (5, "")
        assert stderr.startswith("error: cannot apply --max-cost: the prices could not be fetched\n")
        assert posts(hub) == []

    def test_a_summary_tells_prices_that_could_not_be_fetched_from_none(self, hfjobs: Hfjobs, hub: Hub) -> None:
        hub.replies_to("/api/jobs/hardware", 503, "")
        assert hfjobs("run", "--dry-run", "ubuntu", "true").stdout.endswith(
            "cost     unknown: the prices could not be fetched\n"
        )
        sweep = hfjobs("run", "--each", "x=1", "--sweep", "s", "--dry-run", "ubuntu", "echo", "{x}")
        assert sweep.stdout.endswith("cost unknown: the prices could not be fetched\n")

    def test_the_summary_says_what_it_may_cost(self, hfjobs: Hfjobs) -> None:
        argv = ("--flavor", HOURLY, "--timeout", "90m", "--attempts", "2", "ubuntu", "true")
        assert hfjobs("run", "--dry-run", *argv).stdout.splitlines()[-1] == (
            "cost      at most $0.0900: 1h30m, 2 attempts at $0.03 per hour"
        )


class TestDryRun:
    def test_sends_nothing_and_shows_no_secret(self, hfjobs: Hfjobs, hub: Hub) -> None:
        result = hfjobs(
            *("run", "--dry-run", "-s", "API_KEY=s3cret", "-s", "NOT_SET", "-e", "AB=\x1b[2J", "--expose-public", "80"),
            *("-v", "hf://datasets/alice/d@v1/x:/d:ro", "-l", "team=ml", "--name", "n", "ubuntu", "echo", "a b"),
        )
        assert result == Result(
            0,
            "image      ubuntu\n"
            "command    echo 'a b'\n"
            "flavor     cpu-basic\n"
            "timeout    30m (the Hub's default)\n"
            "name       n\n"
            "labels     team=ml\n"
            "variables  AB=\\x1b[2J\n"
            "secrets    API_KEY=***\n"
            "           NOT_SET=(not set here)\n"
            "volumes    hf://datasets/alice/d@v1/x:/d:ro\n"
            "ports      80 (public)\n"
            "cost       at most $0.0100: 30m at $0.01 per hour, plus its ports\n",
            "warning: the value of -s API_KEY=... is visible in the process list and the shell history; "
            "use -s API_KEY to take it from the environment\n"
            "nothing was sent (--dry-run)\n",
        )
        assert hub.paths == ["GET /api/jobs/hardware"]

    @pytest.mark.parametrize("value", ['"a b"', "'a b'", r'"one\ntwo"', '""'])
    def test_quotes_that_the_official_client_removes_are_told(self, hfjobs: Hfjobs, value: str) -> None:
        """They are sent as typed, as with docker."""
        code, stdout, stderr = hfjobs("run", "--dry-run", "--format", "json", "-e", f"AB={value}", "ubuntu", "env")
        assert code == 0
        assert json.loads(stdout)["environment"] == {"AB": value}
        warning = "warning: the value of -e AB is sent with its quotes; hf jobs would remove them\n"
        assert stderr == f"{warning}nothing was sent (--dry-run)\n"

    @pytest.mark.parametrize("value", ["it's", '{"a": "b"}', '"', "'a\"", "a # b"])
    def test_quotes_within_a_value_are_not(self, hfjobs: Hfjobs, value: str) -> None:
        code, stdout, stderr = hfjobs("run", "--dry-run", "--format", "json", "-e", f"AB={value}", "ubuntu", "env")
        assert (code, stderr) == (0, "nothing was sent (--dry-run)\n")
        assert json.loads(stdout)["environment"] == {"AB": value}

    def test_variables_that_are_not_set_are_named_in_their_order(self, hfjobs: Hfjobs) -> None:
        names = [f"UNSET_{letter}" for letter in "QWERTY"]
        result = hfjobs("run", "--dry-run", *(word for name in names for word in ("-e", name)), "ubuntu", "env")
        told = [f"warning: {name} is not set here; the job starts without it" for name in names]
        assert (result.code, result.stderr.splitlines()[:-1]) == (0, told)

    @posix_only
    def test_an_image_like_the_home_of_an_unknown_user_is_no_bug(self, hfjobs: Hfjobs) -> None:
        result = hfjobs("run", "--dry-run", "~no-such-user/x.py", "true")
        assert (result.code, result.stdout.splitlines()[0].split()) == (0, ["image", "~no-such-user/x.py"])

    @pytest.mark.parametrize("format_", ["json", "jsonl"])
    def test_the_body_has_names_of_secrets_only(self, hfjobs: Hfjobs, hub: Hub, format_: str) -> None:
        result = hfjobs("run", "--dry-run", "--format", format_, "-s", "HF_TOKEN", "ubuntu", "env")
        assert result.code == 0
        assert json.loads(result.stdout)["secrets"] == {"HF_TOKEN": None}
        assert TOKEN not in result.stdout + result.stderr
        assert len(result.stdout.splitlines()) == 1 or format_ == "json"
        assert hub.requests == []

    def test_other_formats_are_an_error(self, hfjobs: Hfjobs) -> None:
        for option in (("--format", "csv"), ("-q",)):
            assert hfjobs("run", "--dry-run", *option, "ubuntu", "true") == Result(
                2,
                "",
                "error: --dry-run supports only --format json and jsonl\nhint: remove the format, or use one of them\n",
            )

    def test_the_token_as_a_variable_is_not_shown_either(self, hfjobs: Hfjobs) -> None:
        """It is sent, as was asked for, with a warning."""
        code, stdout, stderr = hfjobs("run", "--dry-run", "--json", "-e", "HF_TOKEN", "-e", "AB=1", "ubuntu", "env")
        assert (code, stderr.splitlines()[0]) == (
            0,
            "warning: HF_TOKEN is a plain variable that everyone with access to the job can read; "
            "use -s HF_TOKEN to keep it secret",
        )
        assert json.loads(stdout)["environment"] == {"HF_TOKEN": None, "AB": "1"}
        assert TOKEN not in hfjobs("run", "--dry-run", "-e", "HF_TOKEN", "ubuntu", "env").stdout
        again = hfjobs("run", "--dry-run", "--json", "--spec", "-", stdin=stdout)
        assert again.stdout == stdout

    def test_what_the_hub_says_shows_no_secret(self, hfjobs: Hfjobs, hub: Hub) -> None:
        hub.replies(400, json.dumps({"error": "secrets.KEY: 's3cretValue' is bad"}))
        code, _, stderr = hfjobs("run", "-d", "--namespace", "x", "-s", "KEY", "ubuntu", "env", KEY="s3cretValue")
        assert (code, "s3cretValue" in stderr, "secrets.KEY: '***' is bad" in stderr) == (1, False, True)

    def test_debug_shows_no_secret(self, hfjobs: Hfjobs) -> None:
        for argv in (("-s", "KEY"), ("-s", "KEY", "--format", "{{.secrets}}")):
            _, stdout, stderr = hfjobs("run", "-d", "--debug", *argv, "ubuntu", "env", KEY="s3cretValue")
            assert "s3cretValue" not in stdout + stderr
            assert TOKEN not in stdout + stderr


class TestSpec:
    ARGV = (
        *("run", "--flavor", HOURLY, "--timeout", "1h", "--attempts", "2", "-e", "AB=1", "-s", "KEY", "-l", "team=ml"),
        *("-v", "hf://datasets/alice/d:/d", "--expose", "80", "--expose-public", "81", "--ssh", "--network-group", "g"),
        *("--network-alias", "a", "--resource-group-id", "6" * 24, "ubuntu", "echo", "a b"),
    )

    def test_what_was_printed_gives_the_same_again(self, hfjobs: Hfjobs) -> None:
        body = body_of(hfjobs, *self.ARGV, KEY="value")
        assert body_of(hfjobs, "run", "--spec", "-", stdin=json.dumps(body), KEY="value") == body
        assert body_of(hfjobs, "run", "--spec", "-", stdin=json.dumps([body]), KEY="value") == body

    @pytest.mark.parametrize("name", [("--no-name",), ("--no-name", "-l", "a=b"), ("--name", "x"), ()])
    def test_a_name_is_neither_lost_nor_added(self, hfjobs: Hfjobs, name: tuple[str, ...]) -> None:
        body = body_of(hfjobs, "run", *name, "ubuntu", "true")
        assert body_of(hfjobs, "run", "--spec", "-", stdin=json.dumps(body)) == body

    def test_options_override_it(self, hfjobs: Hfjobs, tmp_path: Path) -> None:
        spec = tmp_path / "job.json"
        spec.write_text(json.dumps(body_of(hfjobs, *self.ARGV, KEY="value")))
        argv = ("--flavor", "t4-small", "-e", "CD=2", "-l", "more=1", "--name", "other", "-v", "hf://alice/m:/d")
        body = body_of(hfjobs, "run", "--spec", str(spec), *argv, "debian", "true", KEY="value")
        assert (body["dockerImage"], body["command"], body["flavor"]) == ("debian", ["true"], "t4-small")
        assert body["environment"] == {"AB": "1", "CD": "2"}
        assert body["labels"] == {"team": "ml", "more": "1", "name": "other"}
        assert body["volumes"] == [{"type": "model", "source": "alice/m", "mountPath": "/d"}]
        assert body["timeoutSeconds"] == 3600

    def test_secrets_that_options_name_are_no_surprise(self, hfjobs: Hfjobs) -> None:
        body = {"dockerImage": "ubuntu", "command": ["env"], "secrets": {"KEY": None}}
        result = hfjobs("run", "-d", "--spec", "-", "-s", "KEY", stdin=json.dumps(body), KEY="value")
        assert (result.code, result.stderr) == (0, "")

    def test_directories_of_this_machine_are_named(self, hfjobs: Hfjobs, tmp_path: Path) -> None:
        """Somebody else may have written it: what it takes is said before it is sent."""
        volume = {"type": "local", "source": str(tmp_path), "mountPath": "/keys"}
        body = {"dockerImage": "ubuntu", "command": ["env"], "volumes": [volume]}
        result = hfjobs("run", "--dry-run", "--spec", "-", stdin=json.dumps(body))
        assert f"warning: --spec - uploads from this machine: {tmp_path}\n" in result.stderr

    def test_its_secrets_are_asked_for_again(self, hfjobs: Hfjobs, hub: Hub, tmp_path: Path) -> None:
        spec = tmp_path / "job.json"
        spec.write_text(json.dumps({"dockerImage": "ubuntu", "command": ["env"], "secrets": {"KEY": None}}))
        result = hfjobs("run", "-d", "--spec", str(spec))
        assert (result.code, result.stderr) == (
            2,
            "error: the job needs a secret that is not set here: KEY\nhint: export KEY=..., or use --secrets-file\n",
        )
        result = hfjobs("run", "-d", "--spec", str(spec), KEY="value")
        assert (result.code, result.stderr) == (
            0,
            f"warning: --spec {spec} takes secrets from this environment: KEY\n",
        )
        with hub.store.read() as tables:
            assert tables.secrets_of_job(hub.all_jobs()[0]["id"]) == {"KEY": "value"}

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("{", "is not valid JSON"),
            ("[]", "is not an object"),
            ("[1]", "is not an object"),
            ('{"image": "x"}', "unknown key 'image'"),
            ('{"command": "echo"}', "command is not an array"),
            ('{"command": [1]}', "command contains a value that is not a string"),
            ('{"timeoutSeconds": "1h"}', "timeoutSeconds is not a whole number"),
            ('{"environment": {"AB": 1}}', "environment contains a value that is not a string"),
            ('{"volumes": [{"type": "model"}]}', "missing key 'source' in --spec -: volumes"),
            ('{"dockerImage": "a", "spaceId": "b/c"}', "both an image and a Space given"),
            ('{"command": ["x"]}', "the image is empty"),
            ("[" * 100_000, "is not valid JSON"),
        ],
    )
    def test_what_is_wrong_in_it_is_told(self, hfjobs: Hfjobs, hub: Hub, text: str, message: str) -> None:
        code, stdout, stderr = hfjobs("run", "-d", "--spec", "-", stdin=text)
        assert (code, stdout) == (2, "")
        assert message in stderr
        assert hub.requests == []


class TestSentOnce:
    """A job costs money: the request for it is sent once, whatever happens to the answer."""

    ARGV = ("run", "-d", "-e", "AB=1", "--flavor", "t4-small", "-v", "hf://alice/m:/m", "ubuntu", "echo", "x")

    def test_prints_id_and_page(self, hfjobs: Hfjobs, hub: Hub) -> None:
        result = hfjobs(*self.ARGV)
        job = hub.all_jobs()[0]
        assert result == Result(0, f"{job['id']}  {hub.endpoint}/jobs/{USER}/{job['id']}\n", "")
        assert (job["command"], job["environment"], job["createdAt"]) == (
            ["echo", "x"],
            {"AB": "1"},
            "2026-05-12T09:00:00.000Z",
        )

    @pytest.mark.parametrize(
        "misbehavior",
        [
            act_and_hang_up,
            truncate,
            act_and_reply(200, "<html>"),
            act_and_reply(200, "[]"),
            act_and_reply(303, ""),
            act_and_reply(500, ""),
            act_and_reply(503, ""),
        ],
    )
    def test_the_new_job_is_found(self, hfjobs: Hfjobs, hub: Hub, misbehavior: Misbehavior) -> None:
        hfjobs("ps")
        hfjobs("hardware")
        hub.then(lambda app, environ, start: app(environ, start), misbehavior)
        code, stdout, stderr = hfjobs("run", "-q", *self.ARGV[1:])
        job = hub.all_jobs()[0]
        assert (code, stdout) == (0, f"{job['id']}\n")
        assert stderr.endswith(f"; found the new job by its image and command{EQUAL}\n")
        assert posts(hub) == [f"POST /api/jobs/{USER}"]

    def test_others_like_it_are_not_taken_for_it(self, hfjobs: Hfjobs, hub: Hub) -> None:
        """Neither those made before, nor those of others or of a schedule, nor those that run something else."""
        body = body_of(hfjobs, "run", "ubuntu", "echo", "x")
        given = {"startedAt": None, "finishedAt": None, "durations": None, "secrets": None, "volumes": None}
        spec = {**given, **body, "retry": 0, "timeout": 1800, "initiator": {"type": "user", "id": "6" * 24}}
        now = "2026-05-12T09:00:30.000Z"
        hub.add(**{**spec, "createdAt": "2026-05-12T08:59:00.000Z"})
        for last, other in (
            ("1", {"initiator": {"type": "scheduled-job", "id": "x"}}),
            ("2", {"createdBy": {"id": "6" * 24, "name": "bob"}}),
            ("3", {"command": ["echo", "y"]}),
        ):
            hub.add(**{**spec, "createdAt": now, **other, "id": f"6a02000000000000000000a{last}"})
        hfjobs("ps")
        hub.then(hang_up)
        result = hfjobs("run", "-d", "ubuntu", "echo", "x")
        assert (result.code, result.stdout) == (5, "")
        assert result.stderr.splitlines() == [
            f"error: the job may or may not have been created: lost the connection to {hub.endpoint}: "
            f"Server disconnected without sending a response. (POST /api/jobs/{USER})",
            f"hint: before retrying, check with: hfjobs ps -a --namespace {USER} --name {body['labels']['name']}",
        ]

    def test_two_like_it_are_candidates(self, hfjobs: Hfjobs, hub: Hub) -> None:
        hfjobs("ps")

        def twice(app: Any, environ: Any, start: Any) -> Any:
            body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
            for _ in range(2):
                app({**environ, "wsgi.input": io.BytesIO(body)}, lambda *_args: lambda _data: None)
            return hang_up(app, environ, start)

        hub.then(twice)
        code, stdout, stderr = hfjobs("run", "-d", "ubuntu", "echo", "x")
        assert (code, stdout) == (5, "")
        ids = [job["id"] for job in hub.all_jobs()[:2]]
        assert f"candidates: {ids[0]} {ids[1]}" in stderr or f"candidates: {ids[1]} {ids[0]}" in stderr
        assert posts(hub) == [f"POST /api/jobs/{USER}"]

    @pytest.mark.parametrize(("status", "code"), [(400, 1), (402, 1), (401, 4), (403, 4), (404, 3), (429, 5)])
    def test_what_is_refused_is_not_looked_for(self, hfjobs: Hfjobs, hub: Hub, status: int, code: int) -> None:
        hub.replies(status, '{"error": "because"}')
        result = hfjobs("run", "-d", "--namespace", "x", "ubuntu", "true")
        assert (result.code, result.stdout) == (code, "")
        assert hub.paths == ["POST /api/jobs/x"]

    def test_the_remembered_namespace_is_asked_for_anew(self, hfjobs: Hfjobs, hub: Hub) -> None:
        hub.replies(200, '{"name": "old-name"}')
        hub.replies(200, "[]")
        hfjobs("ps")
        assert hfjobs("run", "-d", "ubuntu", "true").code == 0
        assert posts(hub) == ["POST /api/jobs/old-name", f"POST /api/jobs/{USER}"]

    def test_an_id_is_told_if_it_cannot_be_shown(self, hfjobs: Hfjobs, hub: Hub) -> None:
        code, stdout, stderr = hfjobs("run", "-d", "--format", "{{index .command 9}}", "ubuntu", "true")
        assert (code, stdout) == (1, "")
        assert stderr.splitlines()[0] == f"created: {hub.all_jobs()[0]['id']}"

    @posix_only
    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
    def test_a_signal_while_it_is_sent_says_that_nobody_knows(
        self, hfjobs: Hfjobs, hub: Hub, stall: Stall, number: int
    ) -> None:
        hub.then(stall)
        argv = command("run", "-d", "--namespace", "x", "ubuntu", "true")
        result = signalled(argv, hfjobs.environ, stall.arrived, number, then=stall.released.set)
        assert (result.code, result.stdout) == (130, "")
        assert result.stderr.startswith("error: the job may or may not have been created: interrupted\nhint: ")
        assert posts(hub) == ["POST /api/jobs/x"]


@pytest.fixture(scope="module")
def environ(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The settings by which the program speaks to an emulator that runs jobs."""
    served = Emulator(tmp_path_factory.mktemp("run") / "state", "--empty")
    yield {**served.environ, "XDG_CACHE_HOME": str(tmp_path_factory.mktemp("cache"))}
    served.close()


class TestFollowing:
    """With the emulator, which runs the job."""

    @pytest.mark.parametrize(("code", "status", "exit_code"), [(0, "COMPLETED", 0), (3, "ERROR", 10)])
    def test_prints_lines_and_ends_as_the_job_did(
        self, environ: dict[str, str], code: int, status: str, exit_code: int
    ) -> None:
        program = f"print('one'); print('two', flush=True); raise SystemExit({code})"
        result = run_here("run", "python:3.12", "python", "-c", program, environ=environ)
        assert (result.code, result.stdout) == (exit_code, "one\ntwo\n")
        lines = result.stderr.splitlines()
        created, identifier, page = lines[0].split()
        assert (created, page) == ("created", f"{environ['HF_ENDPOINT']}/jobs/{USER}/{identifier}")
        how = "completed" if status == "COMPLETED" else "failed"
        reason = r": .*exit code: 3.*; see 'hfjobs describe [0-9a-f]{24}'" if code else ""
        assert re.fullmatch(rf"python-3-12-\w+ \({identifier}\) {how} after \w+, cost ~\$0\.0002{reason}", lines[-1])
        assert any(line.startswith("===== Job started") for line in lines)

    @pytest.mark.parametrize(("code", "status", "exit_code"), [(0, "COMPLETED", 0), (3, "ERROR", 10)])
    @pytest.mark.parametrize("option", ["--json", "--format=agent"])
    def test_json_is_the_job_as_it_ended(
        self, environ: dict[str, str], option: str, code: int, status: str, exit_code: int
    ) -> None:
        words = ["python", "-c", f"print('one'); raise SystemExit({code})"]
        result = run_here("run", option, "--name", "one-job", "python:3.12", *words, environ=environ)
        job = json.loads(result.stdout)
        assert (result.code, job["command"], job["name"]) == (exit_code, words, "one-job")
        assert (job["status"]["stage"], job["finished_at"] is not None) == (status, True)
        assert (len(result.stdout.splitlines()) == 1) == (option != "--json")
        assert result.stderr.splitlines()[0].split()[:2] == ["created", job["id"]]

    @pytest.mark.parametrize("format_", ["human", "auto"])
    def test_for_people_it_is_what_the_job_writes(self, environ: dict[str, str], format_: str) -> None:
        result = run_here("run", "--format", format_, "python:3.12", "python", "-c", "print('one')", environ=environ)
        assert (result.code, result.stdout) == (0, "one\n")

    @pytest.mark.parametrize("options", [["-q"], ["--format", "quiet"], ["--format", "{{.id}} {{.status}}"]])
    def test_ids_are_shown_at_once_and_all_else_at_the_end(self, environ: dict[str, str], options: list[str]) -> None:
        result = run_here("run", *options, "python:3.12", "python", "-c", "print('one')", environ=environ)
        identifier, *status = result.stdout.split()
        assert (result.code, status) == (0, ["COMPLETED"] if "{{" in options[-1] else [])
        assert (f"({identifier}) completed after " in result.stderr) == ("{{" in options[-1])
        assert bool(result.stderr) == ("{{" in options[-1])  # -q prints no notes

    def test_jobs_that_are_run_again_are_shown_as_they_ended(self, environ: dict[str, str]) -> None:
        first = run_here("run", "-d", "-q", "python:3.12", "python", "-c", "print('one')", environ=environ).stdout
        run_here("wait", first.strip(), environ=environ)
        result = run_here("duplicate", "--follow", "--json", first.strip(), environ=environ)
        assert [(job["status"]["stage"], job["initiator"]["id"]) for job in json.loads(result.stdout)] == [
            ("COMPLETED", first.strip())
        ]

    def test_a_new_job_that_is_not_followed_is_one_object(self, environ: dict[str, str]) -> None:
        result = run_here("run", "-d", "--json", "--name", "alone", "python:3.12", "true", environ=environ)
        assert (result.code, json.loads(result.stdout)["name"]) == (0, "alone")

    @posix_only
    @pytest.mark.parametrize("cancels", [False, True])
    def test_an_interrupt_leaves_it_or_cancels_it(self, environ: dict[str, str], cancels: bool) -> None:
        option = ["--cancel-on-interrupt"] * cancels
        program = "print('up', flush=True)\nimport time\nwhile True: time.sleep(0.1)"
        process = subprocess.Popen(
            command("run", *option, "python:3.12", "python", "-c", program),
            env=command_environ(environ),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )
        assert process.stdout is not None
        assert process.stdout.readline() == "up\n"
        process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate(timeout=60)
        identifier = stderr.split()[1]
        assert (process.returncode, stdout) == (130, "")
        (job,) = json.loads(run_here("inspect", identifier, environ=environ).stdout)
        named = f"{USER}/{identifier}"
        if cancels:
            assert stderr.endswith(f"error: interrupted; canceled {named}\n")
            assert job["status"]["stage"] == "CANCELED"
        else:
            assert stderr.endswith(
                "error: interrupted; the job continues to run\n"
                f"hint: follow with 'hfjobs logs -f {named}', cancel with 'hfjobs cancel {named}'\n"
            )
            assert job["status"]["stage"] == "RUNNING"
            run_here("cancel", identifier, environ=environ)

    def test_one_that_is_canceled_meanwhile_ends_with_11(self, environ: dict[str, str]) -> None:
        process = subprocess.Popen(
            command("run", "--name", "doomed", "python:3.12", "python", "-c", "import time; time.sleep(60)"),
            env=command_environ(environ),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )
        running = ("ps", "--status", "running", "--name", "doomed", "-q")
        identifier = until(lambda: run_here(*running, environ=environ).stdout.strip(), "the job")
        run_here("cancel", identifier, environ=environ)
        process.communicate(timeout=60)
        assert process.returncode == 11
