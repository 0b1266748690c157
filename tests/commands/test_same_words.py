"""Options of the job mean the same wherever they stand: before IMAGE or SCRIPT, or among the words after it.

Both clients run every line against one server that records; method, path and body are compared. Where ours departs from
the official client on purpose, the line stands in DEPARTURES with what it sends instead.
"""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub.cli import jobs as peer

from tests.commands.test_same_requests import Compared, compared, differing, lines_of
from tests.support import Hfjobs, Hub

SAME = r"""
uv run train.py --detach --flavor a10g-small --timeout 2h
uv run train.py --flavor=a10g-small --timeout=2h --detach
uv run -d train.py --flavor t4-small
uv run -d --flavor t4-small train.py --flavor l4x1
uv run -d --timeout 1h train.py --timeout 2h --timeout 3h
uv run -d train.py --epochs 3 --flavor a10g-small --lr 0.1
uv run -d train.py --flavor a10g-small --epochs 3
uv run -d sft.py --flavor a100-large --env FOO=foo --secrets HF_TOKEN --dataset x
uv run -d train.py --env AB=1 --env CD=2 --flag
uv run -d -e AB=first train.py --env AB=second
uv run -d -e AB=1 train.py --env CD=2
uv run -d train.py --env=AB=1=2
uv run -d train.py -e AB=1
uv run -d train.py -eAB=1
uv run -d train.py -e AB=1 -e CD=2 --epochs 3
uv run -d train.py -s HF_TOKEN
uv run -d train.py -s FROM_HERE --epochs 3
uv run -d train.py -s API_KEY=s3cret
uv run -d train.py -v hf://datasets/alice/cards:/cards
uv run -d train.py -v hf://alice/model:/model:ro -v hf://buckets/alice/out:/out
uv run -d train.py --volume hf://alice/model:/model --volume=hf://buckets/alice/out:/out
uv run -d -v hf://alice/model:/model train.py --volume hf://buckets/alice/out:/out
uv run -d train.py -l team=ml
uv run -d train.py --label team=ml --label env=prod
uv run -d --label team=ml train.py --label env=prod --label lone
uv run -d train.py --secrets FROM_HERE
uv run -d train.py --secrets=HF_TOKEN
uv run -d -s FROM_HERE train.py --secrets API_KEY=s3cret
uv run -d train.py --env-file vars.env
uv run -d train.py --secrets-file secret.env --secrets EXTRA=1
uv run -d --env-file vars.env train.py --env NAME=over
uv run -d train.py --with trl
uv run -d train.py --with trl --with 'datasets>=3' --out x
uv run -d --with trl train.py --with peft
uv run -d train.py --python 3.11
uv run -d train.py --python=3.11 --image my/uv:1
uv run -d train.py --image hf.co/spaces/alice/uv
uv run -d train.py --attempts 3
uv run -d train.py --expose 8000
uv run -d train.py --expose 8000 --expose=9000 --port 1
uv run -d --expose 8000 train.py --expose-public 8080
uv run -d train.py --ssh
uv run -d train.py --ssh --network-group train --network-alias a --network-alias b
uv run -d train.py --resource-group-id 66f1a0c2b7d04e2f9c318a55
uv run -d train.py --namespace aurora-lab
uv run -d --namespace alice train.py --namespace aurora-lab
uv run train.py --json --detach
uv run train.py --quiet --detach
uv run train.py --format json --detach
uv run -d train.py --timeout 90
uv run -d train.py --timeout 1.5h config.yaml
uv run -d train.py config.yaml --flavor t4-small vars.env
uv run -d train.py -- --your --args
uv run -d train.py -- --flavor a10g-small
uv run -d train.py --flavor t4-small -- --flavor a10g-small
uv run -d train.py -- -e AB=1 -s HF_TOKEN -d
uv run -d train.py -- --epochs 3 -- --x
uv run -d train.py -- -- x
uv run -d -- train.py --flavor a10g-small
uv run -d -- train.py --epochs 3
uv run -d -- train.py -- --x
uv run -d train.py --
uv run -d train.py --flavour a10g-small
uv run -d train.py --flavors a10g-small --env_file x --no-ssh
uv run -d train.py --arch resnet50 --debug --width 3 --columns a,b --wide --bucket data --spec x --arguments y
uv run -d train.py --max_cost 3 --demo-mode --named x
uv run -d train.py -n 5 -x -yz 'a b' "it's"
uv run -d train.py --prompt=--flavor --flavor t4-small
uv run -d train.py --message 'one
two' --label team=ml
uv run -d header.py --flavor l4x1 --timeout 1h
uv run -d header.py --env MODE=typed --label team=typed
uv run -d header.py --namespace alice --image my/uv:2 --python 3.10
uv run -d header.py --volume hf://datasets/bob/other:/cards
uv run -d header.py --network-group other --network-alias x
uv run -d lighteval accelerate --flavor l4x1 --model x
uv run --with lighteval lighteval --detach --timeout 30m endpoint
uv run -d -m http.server 8000
uv run --with pytest -d --flavor t4-small -m pytest -x --timeout 1h tests
uv run -d --module http.server
scheduled uv run @hourly -m http.server 8000
run python:3.12 --detach python train.py
run -d python:3.12 python train.py --flavor a10g-small --timeout 2h
run python:3.12 script.py --namespace my-org --detach
run -d python:3.12 python train.py --namespace=my-org --epochs 3
run -d python:3.12 --flavor a10g-small python train.py
run -d --flavor t4-small python:3.12 python train.py --flavor l4x1
run -d python:3.12 python train.py --secrets HF_TOKEN --env AB=1
run -d -e AB=1 python:3.12 env --env CD=2 --env AB=3
run -d python:3.12 python app.py --expose 7860 --ssh
run -d python:3.12 env --env-file vars.env --secrets-file secret.env
run -d python:3.12 ls --volume hf://datasets/alice/cards:/data
run -d python:3.12 true --label team=ml --attempts 2
run -d python:3.12 true --network-group train --network-alias a --resource-group-id 66f1a0c2b7d04e2f9c318a55
run -d python:3.12 -- python train.py --flavor a10g-small
run -d python:3.12 --timeout 2h -- python train.py --timeout 3
run -d -- python:3.12 python train.py --flavor a10g-small
run -d python:3.12 python train.py --with trl --image x --python 3
run -d python:3.12 python train.py --image x --suspend --no-concurrency
run python:3.12 true --format json --detach
run python:3.12 true --json --detach
run python:3.12 true --quiet --detach
run -d hf.co/spaces/alice/app python app.py --flavor t4-small
scheduled run '0 0 * * *' python:3.12 python script.py --flavor t4-small
scheduled run @daily python:3.12 python script.py --suspend --timeout 1h
scheduled run @daily python:3.12 python script.py --no-suspend --concurrency
scheduled run @daily --flavor t4-small python:3.12 python script.py --namespace aurora-lab
scheduled run --flavor t4-small @daily python:3.12 python script.py --flavor l4x1
scheduled run @daily python:3.12 env --env AB=1 --secrets HF_TOKEN --label team=ml
scheduled run @daily python:3.12 -- python script.py --flavor t4-small
scheduled run @daily -- python:3.12 python script.py --flavor t4-small
scheduled run -- @daily python:3.12 python script.py --flavor t4-small
scheduled run @daily python:3.12 serve --expose 8000 --attempts 2
scheduled run @daily python:3.12 serve --ssh --network-group x
scheduled uv run "0 0 * * *" train.py --with pandas
scheduled uv run "0 0 * * *" --name daily-script train.py
scheduled uv run @hourly train.py --flavor t4-small --epochs 3 --suspend
scheduled uv run @hourly --with trl train.py --with peft --python 3.11 --image my/uv:1
scheduled uv run @hourly train.py -e AB=1 -s HF_TOKEN -v hf://alice/model:/model -l team=ml
scheduled uv run @hourly train.py --env-file vars.env --timeout 30m --namespace aurora-lab
scheduled uv run @hourly train.py -- --your --args --flavor x
scheduled uv run @hourly train.py --ssh --detach -x
scheduled uv run --flavor l4x1 @hourly -- train.py --flavor x
"""
"""Command lines that both send alike. For ours, files go to the bucket, as they always do with the official client."""

NOTHING = r"""
uv run train.py --dry-run
uv run train.py --dry-run --flavor a10g-small
uv run --dry-run train.py
uv run -d train.py --epochs 3 --dry-run config.yaml
run python:3.12 echo --dry-run
run --dry-run python:3.12 echo x
run python:3.12 bash -lc 'set -e; x' --dry-run
run python:3.12 python train.py --dry-run -- x
run python:3.12 --dry-run -- python train.py
run -d python:3.12
run -d python:3.12 --flavor t4-small
run -d python:3.12 true --attempts 0
run -d python:3.12 true --attempts many
run -d python:3.12 true --expose http
run -d python:3.12 true --timeout 9x9
run -d python:3.12 true --detach=yes
run -d python:3.12 true --secrets NOT_SET_HERE
run -d python:3.12 true --volume nowhere
uv run -d train.py --flavor
uv run -d train.py --env
uv run -d train.py --secrets NOT_SET_HERE
scheduled run @daily python:3.12 echo --dry-run
scheduled run @daily python:3.12
scheduled uv run @daily train.py --with pandas --dry-run
scheduled uv run @daily train.py --dry-run
"""
"""Command lines of which neither sends anything."""

DEPARTURES: dict[str, tuple[list[str], dict[str, Any]]] = {
    # A short option in the command of `run` is the command's.
    "run -d python:3.12 ls -d /": (["ls", "-d", "/"], {}),
    "run -d python:3.12 bash -lc 'set -e; x' --namespace org --secrets FROM_HERE": (
        ["bash", "-lc", "set -e; x"],
        {"secrets": {"FROM_HERE": "from here"}},
    ),
    "run -d python:3.12 sh -ec 'echo $X'": (["sh", "-ec", "echo $X"], {}),
    "run -d python:3.12 python -c 'print(1)' -s HF_TOKEN -e AB=1 -v x -q": (
        ["python", "-c", "print(1)", "-s", "HF_TOKEN", "-e", "AB=1", "-v", "x", "-q"],
        {},
    ),
    "run -d python:3.12 grep -l team -e AB=1 file --flavor t4-small": (
        ["grep", "-l", "team", "-e", "AB=1", "file"],
        {"flavor": "t4-small"},
    ),
    # --name and --token are the command's, and the script's.
    "run -d python:3.12 python train.py --name sft --flavor t4-small": (
        ["python", "train.py", "--name", "sft"],
        {"flavor": "t4-small"},
    ),
    "run -d python:3.12 hf download x --token hf_other": (["hf", "download", "x", "--token", "hf_other"], {}),
    "uv run -d tool --name sft --timeout 2h": (["uv", "run", "tool", "--name", "sft"], {"timeoutSeconds": 7200}),
    "uv run -d tool --token=hf_other": (["uv", "run", "tool", "--token=hf_other"], {}),
    # A -- after an argument of the command stays.
    "run -d node:22 npm run build -- --watch": (["npm", "run", "build", "--", "--watch"], {}),
    "run -d node:22 npm run build --flavor t4-small -- --flavor x": (
        ["npm", "run", "build", "--", "--flavor", "x"],
        {"flavor": "t4-small"},
    ),
    "uv run -d tool --epochs 3 -- --flavor x": (["uv", "run", "tool", "--epochs", "3", "--", "--flavor", "x"], {}),
    # A short option of a script is the job's only if its value can mean nothing else.
    "uv run -d tool -d -q --flavor l4x1": (["uv", "run", "tool", "-d", "-q"], {"flavor": "l4x1"}),
    "uv run -d tool -s 42 -e 10 -v -d": (["uv", "run", "tool", "-s", "42", "-e", "10", "-v", "-d"], {}),
    "uv run -d tool -p 8080 -l": (["uv", "run", "tool", "-p", "8080", "-l"], {}),
    "uv run -d tool -epochs=3 -size 3 -v https://example.org/x": (
        ["uv", "run", "tool", "-epochs=3", "-size", "3", "-v", "https://example.org/x"],
        {},
    ),
    # What only ours has is taken too, if it is written for the job.
    "uv run -d tool --max-cost 0.01 --arch arm64 --no-name": (
        ["uv", "run", "tool"],
        {"arch": "arm64", "timeoutSeconds": 3540},
    ),
    "run -d --default-command python:3.12": ([], {}),
}
"""Command lines with the command that ours sends, and what else is in the request; the official client does worse."""


def with_bucket(line: list[str]) -> list[str]:
    """Return a line of ours that takes files to a bucket."""
    place = line.index("run") + 1
    return [*line[:place], "--bucket", *line[place:]] if "uv" in line[:2] else line


def both(directory: Path, lines: list[list[str]]) -> Compared:
    (directory / "sft.py").write_text("print('sft')\n")
    found = compared(directory, lines, [with_bucket(line) for line in lines])
    for requests in found.ours.values():
        for request in requests:
            spec = request.body.get("jobSpec", request.body)
            for volume in spec.get("volumes", ()):
                if volume["mountPath"] == "/data" and volume["source"].endswith("/jobs-artifacts"):
                    volume["path"] = "when"
    return found


def test_the_same_words_mean_the_same(tmp_path: Path) -> None:
    lines = lines_of(SAME)
    assert len(lines) > 100
    found = both(tmp_path, lines)
    assert differing(found, lines) == {}
    assert found.files_of_ours == found.files_of_peer


def test_what_is_wrong_or_dry_is_not_sent(tmp_path: Path) -> None:
    lines = lines_of(NOTHING)
    found = both(tmp_path, lines)
    assert found.peer == found.ours == {}


def test_intended_departures(tmp_path: Path) -> None:
    """The official client sends something else, or nothing; if not, the line belongs to those that are the same."""
    lines = [shlex.split(line) for line in DEPARTURES]
    found = both(tmp_path, lines)
    sent = {}
    for number, line in enumerate(DEPARTURES):
        (request,) = found.ours[number]
        body = {"flavor": "cpu-basic", **request.body}
        defaults = {"flavor": "cpu-basic", "secrets": None, "arch": None, "timeoutSeconds": None}
        others = {key: body[key] for key, default in defaults.items() if body.get(key, default) != default}
        sent[line] = (body.get("command", []), others)
        assert found.peer.get(number) != found.ours[number], line
    assert sent == DEPARTURES


@pytest.mark.parametrize(
    ("line", "notes"),
    [
        (
            "uv run train.py --flavor a10g-small",
            ["--flavor a10g-small applied to the job, as hf jobs does; write -- before options of train.py"],
        ),
        (
            "uv run train.py --flavor=t4-small --ssh --label 'team=a b' x",
            [
                "--flavor t4-small, --ssh, --label 'team=a b' applied to the job, as hf jobs does; "
                "write -- before options of train.py"
            ],
        ),
        (
            "uv run train.py -s API_KEY=s3cret --secrets=OTHER=s3cret -e AN_ENV=x -e MY_TOKEN=s3cret --env AB=1",
            [
                "-s API_KEY, --secrets OTHER, -e AN_ENV=x, -e 'MY_TOKEN=***', --env AB=1 applied to the job, "
                "as hf jobs does; write -- before options of train.py"
            ],
        ),
        (
            "uv run train.py --name sft --token hf_s3cretToken -v -e 10 --demo",
            ["--name, --token, -v, -e, --demo passed to train.py; put them before train.py to apply them to the job"],
        ),
        (
            "run python:3.12 python train.py --timeout 2h --name sft",
            [
                "--timeout 2h applied to the job, as hf jobs does; "
                "write -- after python:3.12 to pass options to the command",
                "--name passed to the command; put it before python:3.12 to apply it to the job",
            ],
        ),
        (
            "scheduled uv run @daily train.py --with pandas --no-name",
            ["--with pandas, --no-name applied to the job; write -- before options of train.py"],
        ),
        ("uv run train.py --flavor t4-small -q x -- --flavor y", None),
        ("uv run train.py --flavor t4-small --quiet", []),
        ("uv run -q train.py --flavor t4-small --name x", []),
        ("uv run train.py -- --flavor t4-small --name x", []),
        ("uv run train.py --epochs 3 -- --flavor x", ["-- passed to train.py; hf jobs would drop it"]),
        ("run node:22 npm run build -- --watch", []),
        ("run python:3.12 ls -d -l -e x -s y -v", []),
        ("uv run train.py --epochs 3 --debug --width 3 --arch resnet50 --help", None),
    ],
)
def test_a_note_says_what_was_taken(
    hfjobs: Hfjobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str, notes: list[str] | None
) -> None:
    """On a line, without the values of secrets. Of `None` more is said than is looked at here."""
    monkeypatch.chdir(tmp_path)
    Path("train.py").write_text("print(1)\n")
    place = 2 if line.startswith("uv") else 3 if line.startswith("scheduled uv") else 1
    words = shlex.split(line)
    _, _, stderr = hfjobs(*words[:place], "--dry-run", *words[place:])
    said = [each.removeprefix("note: ") for each in stderr.splitlines() if each.startswith("note: ")]
    if notes is None:
        assert len(said) <= 2
    else:
        assert said == notes
    assert "s3cret" not in stderr


@pytest.mark.parametrize(
    ("line", "error", "hint"),
    [
        ("uv run tool --flavor", "option '--flavor' requires an argument", "see 'hfjobs uv run --help'"),
        ("uv run tool --flavor -- x", "option '--flavor' requires an argument", "see 'hfjobs uv run --help'"),
        ("scheduled run @daily --env", "option '--env' requires an argument", "see 'hfjobs scheduled run --help'"),
        ("uv run -d tool --ssh=yes", "option '--ssh' does not take a value", "see 'hfjobs uv run --help'"),
        (
            "run python:3.12",
            "missing argument 'COMMAND'",
            "add a command, or --default-command to run the default of the image",
        ),
        (
            "run -d python:3.12 --default-command true",
            "--default-command cannot be used with a command",
            "remove one of them",
        ),
        ("run train.py", "'train.py' is a local file, not an image", "did you mean 'uv run train.py'?"),
        ("run ./train.py x", "'./train.py' is a local file, not an image", "did you mean 'uv run ./train.py'?"),
        (
            "scheduled run @daily run.sh",
            "'run.sh' is a local file, not an image",
            "put an image such as python:3.12 before it",
        ),
    ],
)
def test_errors(
    hfjobs: Hfjobs, hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str, error: str, hint: str
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("train.py", "run.sh"):
        Path(name).write_text("true\n")
    code, stdout, stderr = hfjobs(*shlex.split(line))
    said = [each for each in stderr.splitlines() if not each.startswith("note: ")]
    assert (code, stdout, said) == (2, "", [f"error: {error}", f"hint: {hint}"])
    assert not [path for path in hub.paths if path.startswith("POST")]


@pytest.mark.parametrize(
    ("line", "function"),
    [
        ("run ubuntu true", peer.jobs_run),
        ("uv run tool", peer.jobs_uv_run),
        ("scheduled run @daily ubuntu true", peer.scheduled_run),
        ("scheduled uv run @daily tool", peer.scheduled_uv_run),
    ],
)
def test_every_option_of_the_official_client_is_known(hfjobs: Hfjobs, hub: Hub, line: str, function: Any) -> None:
    """One that it gets anew would be left to the script, and the job would run otherwise than there."""
    params, _, _ = peer_params(function)
    missed = []
    for param in params:
        names = [name for name in (*param.opts, *param.secondary_opts) if name.startswith("--")]
        for name in names if param.param_type_name == "option" else ():
            # A flag is refused with a value, any other option without one: only if it is known, that is.
            wrong = f"{name}=x" if param.is_flag else name
            code, _, stderr = hfjobs(*line.split(), "--dry-run", wrong)
            if (code, "requires an argument" in stderr or "does not take a value" in stderr) != (2, True):
                missed.append(name)
    assert missed == ["--name", "--token"]
    assert not [path for path in hub.paths if path.startswith("POST")]


def peer_params(function: Any) -> Any:
    from huggingface_hub.cli._framework import _build_params

    return _build_params(function)
