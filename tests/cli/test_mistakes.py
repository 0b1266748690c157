"""Commands and options that do not exist: what may have been meant."""

from __future__ import annotations

import sys

import pytest

from hfjobs_cli.cli.registry import COMMANDS, Command
from tests.support import Hfjobs, Hub, Result, in_threads


@pytest.mark.parametrize(
    ("argv", "meant"),
    [
        (("inspct", "x"), "hfjobs inspect"),
        (("stop", "x"), "hfjobs cancel"),
        (("kill", "x"), "hfjobs cancel"),
        (("exec", "x"), "hfjobs ssh"),
        (("get", "jobs"), "hfjobs ps"),
        (("uv", "rum", "x.py"), "hfjobs uv run"),
        (("scheduled", "pss"), "hfjobs scheduled ps"),
        (("scheduled", "rm", "x"), "hfjobs scheduled delete"),
        (("scheduled", "cancel", "x"), "hfjobs scheduled delete"),
        (("scheduled", "logs", "x"), "hfjobs logs"),
        (("info", "x"), "hfjobs inspect"),
        (("status", "x"), "hfjobs inspect"),
        (("metrics", "x"), "hfjobs stats"),
        (("watch",), "hfjobs ps --watch"),
        (("history",), "hfjobs ps -a"),
        (("login",), "hf auth login"),
        (("whoami",), "hf auth whoami"),
        (("squeue",), "hfjobs ps"),
        (("sacct",), "hfjobs ps"),
        (("sbatch", "x"), "hfjobs run"),
        (("delete", "x"), "hfjobs cancel"),
        (("remove", "x"), "hfjobs cancel"),
        (("jobs", "ps", "-a"), "hfjobs ps"),
        (("jobs", "uv", "run", "x.py"), "hfjobs uv"),
        (("rnu", "x"), "hfjobs run"),
        (("dupilcate", "x"), "hfjobs duplicate"),
        (("runs",), "hfjobs run"),
        (("turn",), None),
        (("replicate", "x"), None),
        (("uv", "rm", "x"), "hfjobs cancel"),
        (("uv", "turn"), None),
        (("scheduled", "remove", "x"), "hfjobs scheduled delete"),
        (("scheduled", "consume", "x"), None),
        (("scheduled", "history"), "hfjobs ps -a"),
        (("apply", "x.toml"), "hfjobs scheduled apply"),
        (("trigger", "x"), "hfjobs scheduled trigger"),
        (("zzz",), None),
        (("scheduled", "zzz"), None),
    ],
)
def test_a_command_that_was_meant_is_named(hfjobs: Hfjobs, hub: Hub, argv: tuple[str, ...], meant: str | None) -> None:
    group, word = (f" {argv[0]}", argv[1]) if argv[0] in ("uv", "scheduled") else ("", argv[0])
    hint = f"did you mean '{meant}'?" if meant else f"see 'hfjobs{group} --help'"
    told = f"error: no such command '{word}'\nhint: {hint}\n"
    assert hfjobs(*argv) == Result(2, "", told)
    assert hub.requests == []


@pytest.mark.parametrize(
    ("argv", "option", "meant"),
    [
        (("ps", "--statsu", "x"), "--statsu", "--status"),
        (("run", "--detatch", "python:3.12"), "--detatch", "--detach"),
        (("run", "--rm", "python:3.12"), "--rm", None),
        (("run", "--gpu", "a10g", "python:3.12"), "--gpu", "--flavor"),
        (("run", "--hardware", "a10g", "python:3.12"), "--hardware", "--flavor"),
        (("run", "--port", "80", "python:3.12"), "--port", "--expose"),
        (("run", "--mount", "x", "python:3.12"), "--mount", "--volume"),
        (("run", "--background", "python:3.12"), "--background", "--detach"),
        (("run", "--org", "x", "python:3.12"), "--org", "--namespace"),
        (("ps", "--failed"), "--failed", "--status error"),
        (("ps", "--running"), "--running", "--status running"),
        (("ps", "--follow"), "--follow", "--watch"),
        (("ps", "--state", "x"), "--state", "--status"),
        (("ps", "--last", "3"), "--last", "--limit"),
        (("logs", "--watch", "x"), "--watch", "--follow"),
        (("stats", "--watch", "x"), "--watch", "--follow"),
        (("cancel", "--ye", "x"), "--ye", None),
        (("cancel", "--force", "x"), "--force", None),
        (("ps", "-n", "3"), "-n", "--limit"),
    ],
)
def test_an_option_that_was_meant_is_named(
    hfjobs: Hfjobs, hub: Hub, argv: tuple[str, ...], option: str, meant: str | None
) -> None:
    hint = f"did you mean '{meant}'?" if meant else f"see 'hfjobs {argv[0]} --help'"
    told = f"error: no such option: {option}\nhint: {hint}\n"
    assert hfjobs(*argv) == Result(2, "", told)
    assert hub.requests == []


@pytest.mark.parametrize(
    ("argv", "hint"),
    [
        (("cancel", "-f", "status=error"), "did you mean '--filter'?"),
        (("tree", "-f", "status=error"), "did you mean '--filter'?"),
        (("wait", "-f", "6a01d697"), "did you mean 'hfjobs logs -f'?"),
        (("inspect", "-f", "name=a"), "did you mean 'hfjobs ps -f'?"),
        (
            ("describe", "-l", "sweep=a", "--status", "failed"),
            "pipe ids to it: hfjobs ps -q -l ... | hfjobs describe -",
        ),
        (("describe", "-f", "@latest"), "did you mean 'hfjobs logs -f'?"),
        (("scheduled", "suspend", "-f"), "did you mean '--filter'?"),
        (
            ("scheduled", "inspect", "-f", "name=a"),
            "did you mean 'hfjobs scheduled ps -f'?",
        ),
        (("emulator", "-f"), "see 'hfjobs emulator --help'"),
        (("ps", "-f"), "-f is --filter here, for example -f 'name=train*'; did you mean '--watch'?"),
        (("hardware", "-f"), "-f is --filter here, for example -f 'name=train*'"),
        (("logs", "-f", "status=error"), "did you mean --filter 'status=error'?"),
        (("run", "-f", "python:3.12"), "remove it: the job is followed unless -d is given"),
        (("run", "--follow", "python:3.12"), "remove it: the job is followed unless -d is given"),
        (
            ("run", "--image", "python:3.12", "true"),
            "give the image as the first argument, without an option",
        ),
        (
            ("scheduled", "run", "--cron", "@daily", "python:3.12"),
            "give the schedule as the first argument, without an option",
        ),
        (("run", "--watch", "python:3.12", "true"), "remove it: the job is followed unless -d is given"),
        (("run", "--wait", "python:3.12", "true"), "remove it: the job is followed unless -d is given"),
        (("ps", "--wait"), "did you mean '--watch'?"),
        (("cancel", "x", "--wait"), "did you mean 'hfjobs wait'?"),
        (("wait", "x", "--watch"), "did you mean 'hfjobs logs -f'?"),
        (("hardware", "--watch"), "see 'hfjobs hardware --help'"),
        (("run", "--script", "x.py"), "did you mean 'hfjobs uv run'?"),
        (("scheduled", "run", "--script", "x.py"), "did you mean 'hfjobs scheduled uv run'?"),
        (("uv", "run", "--script", "x.py"), "give the script as the first argument, without an option"),
        (("run", "--verbose", "python:3.12", "true"), "did you mean '--debug'?"),
        (("report", "--group-by", "name"), "did you mean '--by'?"),
        (("expose", "x", "--port", "80"), "give ports as arguments, without an option: hfjobs expose JOB PORT"),
        (
            ("duplicate", "x", "--each", "a=1"),
            "only 'run' and 'uv run' create several jobs with --each: see 'hfjobs help sweeps'",
        ),
        (("ps", "--all=3"), "see 'hfjobs ps --help'"),
        (("scheduled", "ps", "--status"), "see 'hfjobs scheduled ps --help'"),
    ],
)
def test_a_hint_names_one_action(hfjobs: Hfjobs, hub: Hub, argv: tuple[str, ...], hint: str) -> None:
    code, stdout, stderr = hfjobs(*argv)
    assert (code, stdout, stderr.splitlines()[-1]) == (2, "", f"hint: {hint}")
    assert hub.requests == []


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("a10g", "a10g-small"),
        ("A10G", "a10g-small"),
        ("a10", "a10g-small"),
        ("a10-small", "a10g-small"),
        ("a10g-lareg", "a10g-large"),
        ("a10g-largex", "a10g-large"),
        ("a10g-largex3", "a10g-small"),
        ("a100", "a100-large"),
        ("a100-small", "a100-large"),
        ("t4", "t4-small"),
        ("l4", "l4x1"),
        ("l40s", "l40sx1"),
        ("cpu", "cpu-basic"),
        ("cpu-upgrad", "cpu-upgrade"),
        ("h100", None),
        ("gpu", None),
        ("b200", None),
    ],
)
def test_a_flavor_that_was_meant_is_never_a_dearer_kind(hfjobs: Hfjobs, word: str, meant: str | None) -> None:
    code, _, stderr = hfjobs("run", "--flavor", word, "python:3.12", "true")
    how = "'hfjobs hardware' lists the flavors; --any-flavor accepts any"
    hint = f"did you mean '{meant}'?" if meant else how
    assert (code, stderr) == (2, f"error: unknown flavor '{word}'\nhint: {hint}\n")


def test_what_others_call_a_command_is_no_command_here() -> None:
    def words_of(commands: tuple[Command, ...]) -> list[str]:
        return [word for each in commands for word in (each.name, *each.aliases, *each.elsewhere)]

    for commands in (COMMANDS, *(each.commands for each in COMMANDS)):
        assert sorted(words_of(commands)) == sorted(set(words_of(commands)))


def test_threads_that_call_the_program_do_not_mix_their_command_lines(hfjobs: Hfjobs) -> None:
    """Typer keeps the values of a call in the command."""

    def said(word: str) -> str:
        return Hfjobs(hfjobs.environ)("ps", "--since", word).stderr

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        calls = in_threads(said, [(f"x{number}",) for number in range(400)])
    finally:
        sys.setswitchinterval(interval)
    assert [f"'x{number}'" in call.result() for number, call in enumerate(calls)] == [True] * 400
