"""What works with the official client works with ours, and sends the Hub the same request."""

import base64
import io
import json
import re
import shlex
import tarfile
from pathlib import Path
from typing import Any, NamedTuple

from tests.peer import Sent, by_the_peer, by_us, local_environment, recording
from tests.support import Hfjobs

RUN = r"""
run -d python:3.12 python -c 'print("Hello from the cloud!")'
run --detach --name hello-world python:3.12 echo hello
run -d --flavor a10g-small --timeout 2h IMAGE/name:tag python train.py
run -d --timeout 90 ubuntu sleep 1
run -d --timeout 90s ubuntu sleep 1
run -d --timeout 1.5h ubuntu sleep 1
run -d --timeout 2d ubuntu sleep 1
run -d --timeout 0.5m ubuntu sleep 1
run -d --timeout=5m ubuntu sleep 1
run -d --attempts 3 ubuntu false
run -d -e FOO=foo -e BAR=bar ubuntu env
run -d --env FOO=foo --env=BAR=bar ubuntu env
run -d -eFOO=foo ubuntu env
run -d -e FOO=first -e FOO=second ubuntu env
run -d -e EMPTY= ubuntu env
run -d -e URL=https://example.org/?a=b&c=d ubuntu env
run -d -e FROM_HERE ubuntu env
run -d -e NOT_SET_HERE ubuntu env
run -d --env-file vars.env ubuntu env
run -d --env-file vars.env -e NAME=over ubuntu env
run -d --env-file quotes.env ubuntu env
run -d --secrets-file quotes.env ubuntu env
run -d -s FROM_HERE ubuntu env
run -d --secrets HF_TOKEN ubuntu env
run -d -s API_KEY=s3cret -s X=one ubuntu env
run -d --secrets-file secret.env --secrets EXTRA=1 ubuntu env
run -d -l team=ml -l env=prod ubuntu true
run -d --label team=ml --label lone ubuntu true
run -d -l name=by-label ubuntu true
run -d -l k=v-w.x_Y ubuntu true
run -d --name n -l a=b -l a=c ubuntu true
run -d -v hf://alice/model:/model ubuntu ls /model
run -d -v hf://models/alice/model:/model:ro ubuntu ls
run -d --volume hf://datasets/alice/cards@v1.2/train/part:/data ubuntu ls
run -d -v hf://datasets/alice/cards@refs/convert/parquet/default:/data:ro ubuntu ls
run -d -v hf://datasets/alice/cards@refs/pr/12:/data ubuntu ls
run -d -v hf://datasets/alice/cards@feature%2Fnew/a:/data ubuntu ls
run -d -v hf://spaces/alice/app:/app -v hf://buckets/alice/out:/out ubuntu ls
run -d -v hf://buckets/alice/out/sub/dir:/out:rw -v hf://buckets/alice/in:/in:ro ubuntu ls
run -d -v hf://datasets/alice/cards/odd@name.txt:/data ubuntu ls
run -d -v 'hf://datasets/alice/cards/a b/c:/data/x y' ubuntu ls
run -d -v ./inputs:/inputs ubuntu ls
run -d -v inputs:/inputs:rw ubuntu ls
run -d --expose 8000 ubuntu serve
run -d --expose 8000 --expose 9000 --expose 8000 ubuntu serve
run -d --expose-public 8080 ubuntu serve
run -d --expose 8000 --expose-public 8080 --expose-public 8000 ubuntu serve
run -d --ssh ubuntu sleep 100
run -d --network-group train ubuntu true
run -d --network-group train --network-alias master --network-alias node-0 ubuntu true
run -d --resource-group-id 66f1a0c2b7d04e2f9c318a55 ubuntu true
run -d --namespace aurora-lab ubuntu true
run -d hf.co/spaces/alice/app python app.py
run -d huggingface.co/spaces/alice/app python app.py
run -d https://huggingface.co/spaces/alice/app python app.py
run -d https://hf.co/spaces/alice/app python app.py
run -d ghcr.io/astral-sh/uv:python3.12-bookworm uv --version
run -d registry.example.org:5000/team/image:1.0 true
run -d localhost:5000/image true
run -d pytorch/pytorch:2.6.0-cuda12.4-cudnn9-devel nvidia-smi
run -d python@sha256:0123456789abcdef true
run -d ubuntu sh -c 'for i in 1 2; do echo "$i"; done | cat > /tmp/x && echo `ls`'
run -d ubuntu echo 'a  b' "it's" '"quoted"' '$HOME' '\n' '*'
run -d ubuntu echo 'grüße' '日本語' '🤗' 'é'
run -d ubuntu sh -c 'echo one
echo two'
run -d -e 'GREETING=grüße 🤗' -l team=ml ubuntu true
run -d ubuntu python train.py --epochs 3 --lr=1e-4 -x -yz
run -d ubuntu python --version
run -d -- ubuntu python --version
run -d ubuntu -- python --version
run --json -d ubuntu true
run -q -d ubuntu true
run -d --flavor t4-small --flavor l4x1 --timeout 1h --timeout 2h ubuntu true
run -d --name a --name b ubuntu true
run -dq ubuntu true
run -d --token hf_anotherToken ubuntu true
uv run -d lighteval
uv run -d --with lighteval lighteval accelerate --model x
uv run -d --with trl --with 'datasets>=3' --python 3.11 trl sft --model x
uv run -d -p 3.12 --image my/uv:1 ruff check
uv run -d --flavor l4x1 --timeout 30m --attempts 2 -e AB=1 -s FROM_HERE -l team=ml tool --flag
uv run -d --namespace aurora-lab --name my-script tool
uv run -d --image hf.co/spaces/alice/uv tool
uv run -d --expose 8000 --ssh --network-group train --network-alias a tool
uv run -d tool 'a b' '$x' '日本語'
uv run -d -v hf://alice/m:/m -v hf://buckets/alice/b:/b tool
uv run -d --env-file vars.env --secrets-file secret.env tool
"""

SCRIPTS = r"""
uv run -d train.py
uv run -d train.py --epochs 3 --run-name 'a b'
uv run -d --with trl --python 3.11 train.py config.yaml --out x
uv run -d ./train.py other/config.yaml ./train.py
uv run -d --flavor t4-small --name other -e AB=1 -s FROM_HERE train.py
uv run -d tool config.yaml
uv run -d header.py
uv run -d header.py --epochs 3
uv run -d --flavor l4x1 --image my/uv:2 --python 3.10 --timeout 1h header.py
uv run -d -e MODE=typed -e MORE=1 -l team=typed -l more=1 header.py
uv run -d --name typed --namespace alice header.py
uv run -d -v hf://datasets/bob/other:/cards -v hf://bob/m:/m header.py
uv run -d -s FROM_HERE=typed --network-group other --network-alias x header.py
uv run -d plain-header.py
uv run -d 'a b.py'
"""
"""Command lines with files of this machine, which the official client takes to a bucket."""

JOB = "6a02000000000000000000aa"

CHANGES = rf"""
rerun -d {JOB}
rerun --detach bob/{JOB}
cancel {JOB}
cancel bob/{JOB}
cancel {JOB} --namespace aurora-lab
labels {JOB} --label team=ml
labels {JOB} -l team=ml -l env=prod -l team=web
labels {JOB} --label lone
labels {JOB} --label name=by-label --label a=b
labels {JOB} --name train-v2
labels {JOB} --name train-v2 --label team=ml
labels --clear bob/{JOB}
expose {JOB} 8000
expose {JOB} 8000 9000 8000
expose {JOB} --public 8080
expose {JOB} 8000 --public 8080 --public 8000
expose {JOB} --clear
expose --namespace aurora-lab {JOB} 1 65535
"""
"""Command lines about jobs that there are."""

HEADER = """\
# /// script
# requires-python = ">=3.11"
# dependencies = []
#
# [tool.hf-jobs]
# image = "ghcr.io/astral-sh/uv:python3.11-bookworm"
# flavor = "t4-small"
# python = "3.11"
# timeout = 7200
# name = "from-header"
# namespace = "aurora-lab"
# network_group = "train"
# network_aliases = ["one", "two"]
# secrets = ["FROM_HERE", "HF_TOKEN"]
# volumes = ["hf://datasets/alice/cards:/cards", "hf://alice/model:/model"]
# [tool.hf-jobs.env]
# MODE = "header"
# KEPT = "grüße"
# [tool.hf-jobs.labels]
# team = "header"
# kept = "yes"
# ///
print("grüße")
"""

FILES = {
    "vars.env": "NAME=value\nexport EXPORTED=1\n# remark\nQUOTED=\"a b\"\nSINGLE='x # y'\n"
    "FROM_HERE\nLATE=a # remark\n\nEMPTY=\n",
    "quotes.env": r"""
DOLLAR="pa\$\$word"
BACKSLASH="a\\b\\n\nc\td\"e"
KEPT="C:\dir \r\a\v\f\b\' \x41"
SINGLE_DOLLAR='pa\$\\ \n "x"'
UNQUOTED=pa\$word\n
SPACED = "a # b" # remark
no variable at all
REMARK="a"#b
HASH='#'
""",
    "secret.env": "TOKEN_A=aaa\nTOKEN_B='b b'\nFROM_HERE\n",
    "train.py": "print('train')\n",
    "config.yaml": "a: 1\n",
    "other/config.yaml": "b: 2\n",
    "inputs/data.txt": "data\n",
    "header.py": HEADER,
    "plain-header.py": HEADER.partition("# [tool.hf-jobs]")[0] + "# [tool.hf-jobs]\n# timeout = '45m'\n# ///\n",
    "a b.py": "print('blank')\n",
}


class Compared(NamedTuple):
    peer: dict[int, list[Sent]]
    ours: dict[int, list[Sent]]
    said: dict[int, str]
    files_of_peer: dict[int, Any]
    files_of_ours: dict[int, Any]


def lines_of(text: str) -> list[list[str]]:
    """Return command lines, which may go on behind a line break in quotes."""
    lines: list[list[str]] = []
    begun = ""
    for line in text.strip().splitlines():
        begun += ("\n" if begun else "") + line
        try:
            lines.append(shlex.split(begun))
        except ValueError:
            continue
        begun = ""
    return lines


def compared(directory: Path, lines: list[list[str]], ours: list[list[str]] | None = None) -> Compared:
    """Return what both send for the same command lines."""
    for name, content in FILES.items():
        (directory / name).parent.mkdir(exist_ok=True)
        (directory / name).write_text(content, encoding="utf-8")
    (directory / "secret.env").chmod(0o600)
    (directory / "quotes.env").chmod(0o600)
    with recording() as recorder:
        environ = local_environment(directory, recorder, FROM_HERE="from here", PYTHONPATH=str(directory / "fake"))
        peer = by_the_peer(lines, directory, recorder, environ)
        notes = recorder.notes
        mine, said = by_us(ours or lines, directory, recorder, environ)
        own_notes = recorder.notes
    files, own_files = (
        {number: note["files"] for number, note in each.items() if "files" in note} for each in (notes, own_notes)
    )
    return Compared(peer, mine, said, files, own_files)


def differing(found: Compared, lines: list[list[str]]) -> dict[str, object]:
    """Return what differs, by command line: what the peer sends, what we send, and what we say."""
    return {
        shlex.join(line): (found.peer.get(number), found.ours.get(number), found.said[number])
        for number, line in enumerate(lines)
        if not found.peer.get(number) or found.peer[number] != found.ours.get(number)
    }


def test_both_send_the_same(tmp_path: Path) -> None:
    lines = lines_of(RUN)
    assert len(lines) > 60
    assert differing(compared(tmp_path, lines), lines) == {}


def test_both_change_jobs_alike(tmp_path: Path) -> None:
    """With --replace, which is what the official client's --label does."""
    lines = lines_of(CHANGES)
    ours = [[*line, "--replace"] if {"-l", "--label"} & set(line) else line for line in lines]
    assert differing(compared(tmp_path, lines, ours), lines) == {}


def test_both_take_files_to_a_bucket(tmp_path: Path, hfjobs: Hfjobs) -> None:
    """With --bucket, which is what the official client always does. Listings show the script as it was typed."""
    lines = lines_of(SCRIPTS)
    found = compared(tmp_path, lines, [["uv", "run", "--bucket", *line[2:]] for line in lines])
    for requests in found.ours.values():
        path = requests[0].body["volumes"][-1]["path"]
        assert re.fullmatch(r"20260512T090000-[0-9a-f]{6}", path)
        requests[0].body["volumes"][-1]["path"] = "when"
    assert differing(found, lines) == {}
    assert found.files_of_ours == found.files_of_peer
    assert len(found.files_of_ours) == len(lines)
    known = {"owner": {"name": "alice"}, "status": {"stage": "RUNNING"}}
    jobs = json.dumps([{**request.body, "id": f"{n}", **known} for n, (request,) in found.peer.items()])
    jobs = jobs.replace("mountPath", "mount_path")  # as it is in what was saved
    _, *rows = hfjobs("ps", "--from", "-", "--columns", "command", "--format", "tsv", stdin=jobs).stdout.splitlines()
    assert len(rows) == len(lines)
    assert not [row for row in rows if not re.match(r"uv run (-\S+ \S+ )*'?(?!/data/)\S", row)]


def test_files_travel_in_the_request(tmp_path: Path) -> None:
    """What the official client takes to a bucket is in a variable, and the rest of the request is the same."""
    lines = lines_of(SCRIPTS)
    found = compared(tmp_path, lines)
    files = {}
    for number, (request,) in found.ours.items():
        files[number] = {name.replace(" ", "_"): text for name, text in unpack(request.body).items()}
        sh, c, program, *words = request.body["command"]
        assert (sh, c, program) == ("sh", "-c", 'eval "$PACKED_FILES"')
        moved = [f"/data/{word[2:].replace(' ', '_')}" if word.startswith("@/") else word for word in words]
        request.body["command"] = moved
        del request.body["environment"]["PACKED_FILES"]
    for (request,) in found.peer.values():
        assert request.body["volumes"].pop()["mountPath"] == "/data"
        if not request.body["volumes"]:
            del request.body["volumes"]
    assert differing(found, lines) == {}
    assert files == found.files_of_peer


def unpack(body: Any) -> dict[str, str]:
    """Return the files that a body holds."""
    (packed,) = re.findall(r"printf %s '([^']*)'", body["environment"]["PACKED_FILES"])
    with tarfile.open(fileobj=io.BytesIO(base64.b64decode(packed)), mode="r:gz") as archive:
        names = archive.getnames()
        return {name: read.read().decode() for name in names if (read := archive.extractfile(name)) is not None}
