"""Commands and options that do not exist: what may have been meant."""

from __future__ import annotations

import pytest

from hfjobs_cli.cli.registry import COMMANDS, Command
from tests.support import Hfjobs, Hub, Result


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
        (("zzz",), None),
        (("scheduled", "zzz"), None),
    ],
)
def test_a_command_that_was_meant_is_named(hfjobs: Hfjobs, hub: Hub, argv: tuple[str, ...], meant: str | None) -> None:
    group, word = (f" {argv[0]}", argv[1]) if argv[0] in ("uv", "scheduled") else ("", argv[0])
    suggestion = f"did you mean '{meant}'? " if meant else ""
    told = f"error: no such command '{word}'\nhint: {suggestion}see 'hfjobs{group} --help'\n"
    assert hfjobs(*argv) == Result(2, "", told)
    assert hub.requests == []


@pytest.mark.parametrize(
    ("argv", "option", "meant"),
    [
        (("ps", "--statsu", "x"), "--statsu", "--status"),
        (("run", "--detatch", "python:3.12"), "--detatch", "--detach"),
        (("run", "--rm", "python:3.12"), "--rm", None),
        (("ps", "-n", "3"), "-n", None),
    ],
)
def test_an_option_that_was_meant_is_named(
    hfjobs: Hfjobs, hub: Hub, argv: tuple[str, ...], option: str, meant: str | None
) -> None:
    suggestion = f"did you mean '{meant}'? " if meant else ""
    told = f"error: no such option: {option}\nhint: {suggestion}see 'hfjobs {argv[0]} --help'\n"
    assert hfjobs(*argv) == Result(2, "", told)
    assert hub.requests == []


def test_what_others_call_a_command_is_no_command_here() -> None:
    def words_of(commands: tuple[Command, ...]) -> list[str]:
        return [word for each in commands for word in (each.name, *each.aliases, *each.elsewhere)]

    for commands in (COMMANDS, *(each.commands for each in COMMANDS)):
        assert sorted(words_of(commands)) == sorted(set(words_of(commands)))
