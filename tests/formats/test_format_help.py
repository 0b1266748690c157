"""`--format help`: what can be printed, and how."""

import re

import pytest

from tests.support import BY_HAND, Golden, Hfjobs, Hub
from tests.words import FORMATS


class TestHelp:
    """`--format help` and `--columns help` need nothing else to be right."""

    @pytest.mark.parametrize("command", [("ps", "--sort", "nope"), ("inspect",), ("duplicate",)])
    def test_lists_fields_and_functions(
        self, hfjobs: Hfjobs, hub: Hub, golden: Golden, command: tuple[str, ...]
    ) -> None:
        result = hfjobs(*command, "--format", "Help")
        assert hfjobs(*command, "--format", "help") == result
        shown = result.stdout.partition("\n\n")[2]
        assert (result.code, result.stderr, shown) == (0, "", golden("format-help.txt", shown))
        assert max(map(len, result.stdout.splitlines())) <= 80
        assert hub.requests == []

    @pytest.mark.parametrize(
        ("command", "own"),
        [
            ("ps", {"command": "the command that starts the job again"}),
            ("hardware", {}),
            ("scheduled ps", {"command": "the command that creates the schedule again"}),
            ("diff", {"diff": "both values, one below the other"}),
        ],
    )
    def test_lists_the_formats_of_the_page(self, hfjobs: Hfjobs, command: str, own: dict[str, str]) -> None:
        """What `hfjobs help formatting` says of each, those of the kind of record, and `agent`."""
        first, *rows, last = hfjobs(*command.split(), "--format", "help").stdout.partition("\n\n")[0].splitlines()
        page = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", hfjobs("help", "formatting").stdout, re.MULTILINE))
        assert list(page) == FORMATS
        assert dict(row.split(maxsplit=1) for row in rows) == page | own
        assert (first, last.split(";")[0]) == ("Formats:", " agent      jsonl")

    @pytest.mark.parametrize("option", ["--format", "--columns"])
    @pytest.mark.parametrize(
        "command", ["ps", "hardware", "logs", "stats", "describe", "diff", "tree", "report", "labels", "scheduled ps"]
    )
    def test_fits_a_terminal(self, hfjobs: Hfjobs, command: str, option: str) -> None:
        """But for an example of one word that does not."""
        lines = hfjobs(*command.split(), option, "help").stdout.splitlines()
        assert len(lines) > 3
        assert [line for line in lines if len(line) > 80 and len(line.split()) > 1] == []

    def test_lists_every_field_of_the_json_object(self, hfjobs: Hfjobs) -> None:
        (job,) = hfjobs.jobs("inspect", BY_HAND)
        listed = re.findall(r"^ \.([\w.]+)", hfjobs("ps", "--format", "help").stdout, re.MULTILINE)
        parts = [f"{key}.{inner}" for key, value in job.items() if isinstance(value, dict) for inner in value]
        free = ("labels.", "environment.")
        expected = {*job, *(part for part in parts if not part.startswith(free))}
        expected |= {
            "name",
            "image",
            "created",
            "started",
            "finished",
            "runtime",
            "waited",
            "label",
            "env",
            "cost",
            "cost_usd",
            "cost_is_estimated",
            "message",
            "network.group",
            "network.aliases",
            "volumes",
        }
        assert set(listed) == expected

    def test_every_field_can_be_used(self, hfjobs: Hfjobs) -> None:
        listed = re.findall(r"^ (\.[\w.]+) ", hfjobs("ps", "--format", "help").stdout, re.MULTILINE)
        assert listed
        template = " ".join(f"{{{{{field}}}}}" for field in listed)
        assert hfjobs("ps", "-a", "--limit", "0", "--format", template).code == 0

    def test_examples_of_functions_can_be_used(self, hfjobs: Hfjobs, hub: Hub) -> None:
        id_ = hub.add(volumes=[{"type": "bucket", "source": "alice/data", "mountPath": "/data"}])
        functions = hfjobs("ps", "--format", "help").stdout.partition("Functions:\n")[2]
        assert functions
        values = {
            "pluck": ".volumes",
            "join": ".command",
            "timeago": ".created",
            "timefmt": ".created",
            "index": ".labels",
        }
        for line in functions.splitlines():
            usage = line[1:26].strip().removesuffix(" 0...")
            name, *words = (word.removesuffix("...") for word in usage.split())
            value = values.get(name, ".name")
            words = [value if word in ("A", "B", "URL") else word for word in words]
            result = hfjobs("inspect", id_, "--format", f"{{{{{name} {' '.join(words)}}}}}")
            assert (usage, result.code, result.stderr) == (usage, 0, "")
