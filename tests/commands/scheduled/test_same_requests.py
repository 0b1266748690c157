"""What works with `hf jobs scheduled` works with ours, and sends the Hub the same request."""

from pathlib import Path

from tests.commands.test_same_requests import compared, differing, lines_of
from tests.peer import Sent

ID = "6a02000000000000000000bb"
"""The id of every schedule of the server that records."""

LINES = rf"""
scheduled run @daily python:3.12 python -c 'print("Hello!")'
scheduled run '0 9 * * 1' --name monday python:3.12 echo hello
scheduled run --name monday '0 9 * * 1' python:3.12 echo hello
scheduled run --flavor t4-small '*/15 9-17 * * *' --timeout 2h IMAGE/name:tag python train.py
scheduled run '0,30 * * * *' --timeout 90 ubuntu sleep 1
scheduled run '0 0 0 1 1 *' ubuntu true
scheduled run @hourly --timeout 1.5h --attempts 3 ubuntu false
scheduled run @weekly -e FOO=foo --env BAR=bar -e FOO=again ubuntu env
scheduled run -e FOO=foo @weekly -e BAR=bar ubuntu env
scheduled run @weekly -e FROM_HERE -e NOT_SET_HERE ubuntu env
scheduled run @weekly --env-file vars.env -e NAME=over ubuntu env
scheduled run @monthly -s FROM_HERE --secrets HF_TOKEN --secrets-file secret.env ubuntu env
scheduled run @yearly -l team=ml --label env=prod --label lone ubuntu true
scheduled run @annually -l name=by-label ubuntu true
scheduled run @daily --suspend ubuntu true
scheduled run @daily --no-suspend --concurrency ubuntu true
scheduled run @daily --no-concurrency ubuntu true
scheduled run --suspend --concurrency @daily ubuntu true
scheduled run @daily -v hf://datasets/alice/cards@v1/part:/data -v hf://buckets/alice/out:/out ubuntu ls
scheduled run @daily -v ./inputs:/inputs ubuntu ls
scheduled run @daily --expose 8000 --expose-public 8080 ubuntu serve
scheduled run @daily --resource-group-id 66f1a0c2b7d04e2f9c318a55 ubuntu true
scheduled run @daily --namespace aurora-lab ubuntu true
scheduled run @daily hf.co/spaces/alice/app python app.py
scheduled run @daily localhost:5000/image true
scheduled run @daily ubuntu sh -c 'for i in 1 2; do echo "$i"; done'
scheduled run @daily ubuntu echo 'a  b' "it's" '$HOME' '日本語' '🤗'
scheduled run @daily ubuntu python train.py --epochs 3 --lr=1e-4 -x
scheduled run @daily --flavor t4-small --flavor l4x1 ubuntu true
scheduled run -q @daily ubuntu true
scheduled run @daily --json ubuntu true
scheduled run @daily -- ubuntu true
scheduled uv run @daily lighteval
scheduled uv run @daily --with lighteval lighteval accelerate --model x
scheduled uv run '0 3 * * 6' --with trl --with 'datasets>=3' --python 3.11 trl sft
scheduled uv run -p 3.12 --image my/uv:1 @daily ruff check
scheduled uv run @daily --flavor l4x1 --timeout 30m --attempts 2 -e AB=1 -s FROM_HERE -l team=ml tool --flag
scheduled uv run @daily --suspend --concurrency --name my-script tool
scheduled uv run @daily --namespace aurora-lab --expose 8000 tool 'a b' '$x'
scheduled uv run @daily -v hf://alice/m:/m --env-file vars.env --secrets-file secret.env tool
scheduled suspend {ID}
scheduled suspend alice/{ID}
scheduled suspend --namespace aurora-lab {ID}
scheduled resume {ID}
scheduled resume aurora-lab/{ID}
scheduled trigger {ID}
scheduled trigger aurora-lab/{ID}
scheduled trigger --token hf_anotherToken {ID}
scheduled reschedule {ID} '0 9 * * 1'
scheduled reschedule aurora-lab/{ID} @hourly
scheduled reschedule --namespace aurora-lab {ID} '*/5 * * * *'
scheduled labels {ID} --name daily-script
scheduled labels {ID} --label env=prod --label team=ml
scheduled labels {ID} -l env=prod --name n
scheduled labels {ID} -l lone
scheduled labels aurora-lab/{ID} --clear
scheduled delete {ID}
scheduled delete aurora-lab/{ID}
scheduled delete --namespace aurora-lab {ID}
"""

SCRIPTS = r"""
scheduled uv run @daily train.py
scheduled uv run @daily --with trl train.py config.yaml --out x
scheduled uv run '0 9 * * 1' --flavor t4-small --name other -e AB=1 train.py --run-name 'a b'
scheduled uv run @daily plain-header.py
"""


def test_both_send_the_same(tmp_path: Path) -> None:
    lines = lines_of(LINES)
    assert len(lines) > 55
    assert differing(compared(tmp_path, lines), lines) == {}


def test_both_take_files_to_a_bucket(tmp_path: Path) -> None:
    """With --bucket, which is what the official client always does."""
    lines = lines_of(SCRIPTS)
    found = compared(tmp_path, lines, [["scheduled", "uv", "run", "--bucket", *line[3:]] for line in lines])
    for requests in found.ours.values():
        requests[0].body["jobSpec"]["volumes"][-1]["path"] = "when"
    assert differing(found, lines) == {}
    assert found.files_of_ours == found.files_of_peer


class TestBetter:
    """Where ours departs from the official client, on purpose."""

    def test_what_is_no_schedule_is_not_sent(self, tmp_path: Path) -> None:
        odd = ["nonsense", "0 9 * * MON", "61 * * * *", "0 0 30 2 *", "@midnight", "* * * *"]
        found = compared(tmp_path, [["scheduled", "run", when, "ubuntu", "true"] for when in odd])
        assert found.ours == {}
        for number, when in enumerate(odd):
            assert found.peer[number][0].body["schedule"] == when
            assert found.said[number].startswith(f"error: invalid cron expression '{when}'")

    def test_a_header_with_a_network_is_refused_by_both(self, tmp_path: Path) -> None:
        found = compared(tmp_path, [["scheduled", "uv", "run", "@daily", "header.py"]])
        assert (found.peer, found.ours) == ({}, {})
        assert found.said[0].startswith("error: jobs of a schedule cannot join a network group\n")

    def test_values_are_taken_as_they_are(self, tmp_path: Path) -> None:
        found = compared(tmp_path, [["scheduled", "run", "@daily", "-e", "MSG=hello # world", "ubuntu", "true"]])
        assert found.peer[0][0].body["jobSpec"]["environment"] == {"MSG": "hello"}
        assert found.ours[0][0].body["jobSpec"]["environment"] == {"MSG": "hello # world"}

    def test_several_are_done_at_once(self, tmp_path: Path) -> None:
        """The official client takes one."""
        line = ["scheduled", "suspend", f"alice/{ID}", f"aurora-lab/{ID}"]
        found = compared(tmp_path, [line])
        assert found.peer == {}
        assert sorted(found.ours[0]) == [
            Sent("POST", f"/api/scheduled-jobs/{namespace}/{ID}/suspend", None) for namespace in ("alice", "aurora-lab")
        ]
