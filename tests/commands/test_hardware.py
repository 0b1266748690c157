"""`hfjobs hardware`: what jobs can run on. It is listed as jobs are, and needs no token."""

import csv
import io
import json
from typing import Any

import pytest

from tests.support import Golden, Hfjobs, Hub, Result
from tests.words import FORMATS, HARDWARE_COLUMNS

FLAVORS = 26
HARDWARE = "/api/jobs/hardware"


def flavor(**changes: Any) -> dict[str, Any]:
    """Return a flavor as the Hub sends it, with changed keys; those changed to None are gone."""
    accelerator = {"type": "gpu", "model": "A100", "quantity": "4", "vram": "320 GB", "manufacturer": "Nvidia"}
    sent = {
        "name": "a100x4",
        "prettyName": "4x Nvidia A100",
        "cpu": "48 vCPU",
        "ram": "568 GB",
        "ephemeralStorage": "4000 GB",
        "accelerator": accelerator,
        "unitCostMicroUSD": 166667,
        "unitCostUSD": 0.166667,
        "unitLabel": "minute",
        **changes,
    }
    return {key: value for key, value in sent.items() if value is not None}


@pytest.mark.parametrize("columns", [None, 60, 80, 120])
def test_lists_flavors_as_a_table(either: Hfjobs, golden: Golden, columns: int | None) -> None:
    result = either("hardware", columns=columns)
    assert result == Result(0, golden(f"hardware-{columns or 'pipe'}.txt", result.stdout), "")
    assert len(result.stdout.splitlines()) == 1 + FLAVORS


@pytest.mark.parametrize("token", ["", "hf_wrong"])
def test_needs_no_token_and_sends_none(hfjobs: Hfjobs, hub: Hub, token: str) -> None:
    result = hfjobs("hardware", HF_TOKEN=token)
    assert (result.code, result.stderr) == (0, "")
    (request,) = hub.requests
    assert (request.method, request.path) == ("GET", HARDWARE)
    assert "Authorization" not in request.headers


class TestFormats:
    """Every format there is writes it."""

    @pytest.mark.parametrize(
        "format_", [*FORMATS, "{{.name}} {{.price}} {{.accelerator.vram}}", r"table {{.name}}\t{{.ram}}"]
    )
    def test_writes_every_flavor(self, hfjobs: Hfjobs, golden: Golden, format_: str) -> None:
        result = hfjobs("hardware", "-f", "name=a100*", "--format", format_)
        assert (result.code, result.stderr) == (0, "")
        name = format_ if format_.isalnum() else "table-template" if format_.startswith("table") else "template"
        printed = "".join(f"{line}\n" for line in result.stdout.splitlines())
        assert printed == golden(f"hardware-{name}.txt", printed)

    def test_quiet_prints_names(self, hfjobs: Hfjobs) -> None:
        assert hfjobs("hardware", "-q", "-f", "name=cpu-*").stdout.split() == [
            "cpu-basic",
            "cpu-upgrade",
            "cpu-performance",
            "cpu-xl",
        ]

    def test_json_has_the_keys_of_the_official_client(self, hfjobs: Hfjobs, hub: Hub) -> None:
        """Whose names they are, but that nothing is left out."""
        hub.replies_to(HARDWARE, 200, json.dumps([flavor()]))
        assert hfjobs.jobs("hardware", "--json") == [
            {
                "name": "a100x4",
                "pretty_name": "4x Nvidia A100",
                "cpu": "48 vCPU",
                "ram": "568 GB",
                "ephemeral_storage": "4000 GB",
                "accelerator": {
                    "type": "gpu",
                    "model": "A100",
                    "quantity": "4",
                    "vram": "320 GB",
                    "manufacturer": "Nvidia",
                },
                "unit_cost_micro_usd": 166667,
                "unit_cost_usd": 0.166667,
                "unit_label": "minute",
            }
        ]

    def test_numbers_are_numbers_for_programs(self, hfjobs: Hfjobs) -> None:
        result = hfjobs("hardware", "-f", "name=a100x4", "--format", "csv", "--columns", "name,price,price_minute,vram")
        assert list(csv.reader(io.StringIO(result.stdout))) == [
            ["name", "price", "price_minute", "vram"],
            ["a100x4", "10.0", "0.166667", "320 GB"],
        ]


class TestSort:
    """Texts that begin with a number are in the order of the numbers."""

    @pytest.mark.parametrize(
        ("sort", "first", "last"),
        [
            ("price", "cpu-basic", "h200x8"),
            ("-price", "h200x8", "cpu-basic"),
            ("cpu", "cpu-basic", "l40sx8"),
            ("ram", "t4-small", "rtx-pro-6000x8"),
            ("-vram", "h200x8", "cpu-xl"),
            ("disk,name", "cpu-basic", "h200x8"),
            ("accelerator.quantity,name", "a100-large", "cpu-xl"),
        ],
    )
    def test_orders(self, hfjobs: Hfjobs, sort: str, first: str, last: str) -> None:
        names = hfjobs("hardware", "-q", "--sort", sort).stdout.split()
        assert (len(names), names[0], names[-1]) == (FLAVORS, first, last)

    def test_knows_units(self, hfjobs: Hfjobs, hub: Hub) -> None:
        rams = ["1 TB", "900 GB", "lots", "512 MB", "2.5 GB"]
        hub.replies_to(HARDWARE, 200, json.dumps([flavor(name=f"f{place}", ram=ram) for place, ram in enumerate(rams)]))
        result = hfjobs("hardware", "--sort", "ram", "--format", "{{.ram}}")
        assert result.stdout.splitlines() == ["lots", "512 MB", "2.5 GB", "900 GB", "1 TB"]


class TestFilter:
    """Every field can be compared."""

    @pytest.mark.parametrize(
        ("given", "names"),
        [
            (["accelerator=*A100*"], ["a100-large", "a100x4", "a100x8"]),
            (["accelerator=4x A100"], ["a100x4"]),
            (["vram=16 GB"], ["t4-small", "t4-medium"]),
            (["price=0.4"], ["t4-small"]),
            (["price=$0.40"], ["t4-small"]),
            (["name=h200*", "price!=5,10"], ["h200x4", "h200x8"]),
            (["accelerator.model=T4", "cpu=8*"], ["t4-medium"]),
            (["accelerator!=*", "ram=*4 GB"], ["cpu-xl"]),
        ],
    )
    def test_keeps_what_matches(self, hfjobs: Hfjobs, given: list[str], names: list[str]) -> None:
        argv = [word for each in given for word in ("-f", each)]
        assert hfjobs("hardware", "-q", *argv) == Result(0, "".join(f"{name}\n" for name in names), "")

    def test_that_matches_nothing_says_so(self, hfjobs: Hfjobs) -> None:
        assert hfjobs("hardware", "--format", "jsonl", "-f", "name=x") == Result(0, "", "no flavors match\n")

    @pytest.mark.parametrize(
        ("given", "hint"),
        [
            ("accelerator=A100", "a pattern must match the whole value; use '*A100*' to match a part of it"),
            ("name=a100|h200", "'a100|h200' looks like a regular expression; patterns support only *, ? and [abc]"),
        ],
    )
    def test_that_may_be_meant_otherwise_is_explained(self, hfjobs: Hfjobs, given: str, hint: str) -> None:
        told = f"no flavors match\nhint: {hint}\n"
        assert hfjobs("hardware", "--format", "jsonl", "-f", given) == Result(0, "", told)

    @pytest.mark.parametrize(
        ("argv", "message"),
        [
            (
                ("-f", "gpu=x"),
                "unknown field 'gpu' in filter 'gpu=x'\nhint: did you mean 'accelerator'?",
            ),
            (
                ("-f", "x"),
                "filter 'x' is not FIELD=PATTERN, FIELD!=PATTERN or FIELD>VALUE\nhint: use for example -f 'acc",
            ),
            (("--sort", "cost"), "unknown column 'cost'\nhint: did you mean 'price'?"),
            (("--columns", "name,nmae"), "unknown column 'nmae'\nhint: did you mean 'name'?"),
            (("--columns", "+name,id"), "--columns '+name,id' mixes names and edits\nhint: use name,cpu to replace"),
            (("--format", "{{.id}}"), "template, column 3: unknown field 'id'\n"),
        ],
    )
    def test_a_wrong_option_makes_no_request(
        self, hfjobs: Hfjobs, hub: Hub, argv: tuple[str, ...], message: str
    ) -> None:
        code, stdout, stderr = hfjobs("hardware", *argv)
        assert (code, stdout) == (2, "")
        assert stderr.startswith(f"error: {message}")
        assert hub.requests == []


class TestHelp:
    """`--columns help` and `--format help` are about hardware here."""

    def test_lists_columns(self, hfjobs: Hfjobs, hub: Hub) -> None:
        _, *rows = hfjobs("hardware", "--columns", "help").stdout.partition("\n\n")[0].splitlines()
        assert [row.split()[0] for row in rows] == HARDWARE_COLUMNS
        assert hub.requests == []

    def test_lists_fields(self, hfjobs: Hfjobs, golden: Golden) -> None:
        result = hfjobs("hardware", "--format", "help")
        shown = result.stdout.partition("\n\n")[2].partition("\nFunctions:")[0] + "\n"
        assert (result.code, shown) == (0, golden("hardware-format-help.txt", shown))
        assert max(map(len, result.stdout.splitlines())) <= 80

    def test_examples_can_be_used(self, hfjobs: Hfjobs) -> None:
        section = hfjobs("hardware", "--format", "help").stdout.partition("by \\t.\n\n")[2].partition("\n\n")[0]
        assert section
        for row in section.splitlines():
            template = row.rpartition("}}")[0] + "}}"
            assert hfjobs("hardware", "--format", template.strip()).code == 0


class TestParsing:
    """The Hub leaves out what it does not know, and may send what nobody expects."""

    @pytest.mark.parametrize(
        ("sent", "cells"),
        [
            (flavor(), "a100x4 $0.1667 $10.00 4x A100"),
            ({"name": "new"}, "new - - -"),
            (flavor(accelerator=None), "a100x4 $0.1667 $10.00 -"),
            (flavor(unitCostUSD=None), "a100x4 $0.1667 $10.00 4x A100"),
            (flavor(unitCostUSD=None, unitCostMicroUSD=None), "a100x4 - - 4x A100"),
            (flavor(unitCostUSD=0, unitCostMicroUSD=0), "a100x4 $0.0000 $0.00 4x A100"),
            (flavor(unitCostUSD=6, unitLabel="hour"), "a100x4 $0.1000 $6.00 4x A100"),
            (flavor(unitLabel="fortnight"), "a100x4 - - 4x A100"),
            (flavor(accelerator={"type": "neuron"}), "a100x4 $0.1667 $10.00 ?x neuron"),
            (flavor(somethingNew=[1]), "a100x4 $0.1667 $10.00 4x A100"),
        ],
    )
    def test_shows_what_there_is(self, hfjobs: Hfjobs, hub: Hub, sent: dict[str, Any], cells: str) -> None:
        hub.replies_to(HARDWARE, 200, json.dumps([sent]))
        result = hfjobs("hardware", "--columns", "name,price_minute,price,accelerator")
        assert result.stdout.splitlines()[1].split() == cells.split()

    @pytest.mark.parametrize(
        ("sent", "what"),
        [
            ({}, "flavors should be an array, but is an object"),
            ([{}], "flavors[0].name is missing"),
            ([7], "flavors[0] should be an object, but is 7"),
        ],
    )
    def test_names_the_place_of_what_is_no_flavor(self, hfjobs: Hfjobs, hub: Hub, sent: object, what: str) -> None:
        hub.replies_to(HARDWARE, 200, json.dumps(sent))
        result = hfjobs("hardware", "-q")
        assert (result.code, result.stdout) == (1, "")
        assert f"error: unexpected response from the Hub: {what} (GET {HARDWARE}: 200)\n" in result.stderr

    def test_shows_the_others(self, hfjobs: Hfjobs, hub: Hub) -> None:
        """What cannot be used is an error, what is odd a warning; neither hides anything else."""
        hub.replies_to(
            HARDWARE,
            200,
            json.dumps([flavor(cpu=8), {}, flavor(name="b", accelerator="A100"), flavor(name="c", unitCostUSD="free")]),
        )
        assert hfjobs("hardware", "--columns", "name,cpu,accelerator,unit_cost_usd", "--format", "tsv") == Result(
            1,
            "name\tcpu\taccelerator\tunit_cost_usd\n"
            "a100x4\t\t4x A100\t0.166667\nb\t48 vCPU\t\t0.166667\nc\t48 vCPU\t4x A100\t\n",
            "warning: flavor a100x4: unexpected value from the Hub: cpu should be a string, but is 8\n"
            "warning: flavor b: unexpected value from the Hub: accelerator should be an object, but is 'A100'\n"
            "warning: flavor c: unexpected value from the Hub: unitCostUSD should be a number, but is 'free'\n"
            f"error: unexpected response from the Hub: flavors[1].name is missing (GET {HARDWARE}: 200)\n",
        )

    def test_an_empty_list(self, hfjobs: Hfjobs, hub: Hub) -> None:
        hub.replies_to(HARDWARE, 200, "[]")
        assert hfjobs("hardware", "--json") == Result(0, "[]\n", "the Hub lists no flavors\n")


def test_is_asked_for_again_after_a_failure_that_may_pass(hfjobs: Hfjobs, hub: Hub) -> None:
    hub.replies(503, "", {"Retry-After": "1"})
    result = hfjobs("hardware", "-q")
    assert (result.code, len(result.stdout.split()), len(hub.requests)) == (0, FLAVORS, 2)


def test_an_argument_is_a_usage_error(hfjobs: Hfjobs, hub: Hub) -> None:
    code, stdout, stderr = hfjobs("hardware", "a100x4")
    assert (code, stdout) == (2, "")
    assert stderr == "error: unexpected argument 'a100x4'\nhint: separate lists with commas\n"
    assert hub.requests == []
