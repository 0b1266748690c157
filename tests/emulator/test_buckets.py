"""huggingface_hub uploads files to buckets of the emulator through hf_xet, and jobs read and write them."""

import errno
import os
import random
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.emulator.emulation import Emulator
from tests.support import USER, Result, command, run, run_python

pytest.importorskip("hf_xet")

BUCKET = f"{USER}/data"
HASH = "0123456789abcdef" * 4
TAG = b"HFRepoMetaData\0UigEj{\x81W\x83\xa5\xbd\xd9\\\xcd\xd1J\xa9"


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    served = Emulator(tmp_path_factory.mktemp("buckets") / "state", "--empty")
    yield served
    served.close()


@pytest.fixture
def environ(emulator: Emulator, tmp_path: Path) -> dict[str, str]:
    """The environment of a client with caches of its own."""
    quiet = {"HF_HUB_DISABLE_PROGRESS_BARS": "1", "HF_HUB_DISABLE_EXPERIMENTAL_WARNING": "1"}
    return {**emulator.environ, "HF_HOME": str(tmp_path / "hf"), **quiet}


def upload(environ: dict[str, str], files: dict[str, Path], bucket: str = BUCKET) -> Result:
    code = (
        "import sys; from huggingface_hub import HfApi; api = HfApi(); bucket, *files = sys.argv[1:]\n"
        "print(api.create_bucket(bucket, exist_ok=True).bucket_id)\n"
        "api.batch_bucket_files(bucket, add=[*zip(files[::2], files[1::2])])"
    )
    words = [word for name, path in files.items() for word in (str(path), name)]
    return run_python(code, bucket, *words, environ=environ)


def in_bucket(emulator: Emulator, bucket: str = BUCKET) -> dict[str, bytes]:
    root = emulator.directory / "buckets" / bucket / "files"
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


def test_hf_runs_a_local_script(emulator: Emulator, environ: dict[str, str], tmp_path: Path) -> None:
    """Twice, for the second time hf_xet knows that the server has its content."""
    script, config = tmp_path / "my job.py", tmp_path / "config.toml"
    script.write_text("import sys; print('args', *sys.argv[2:]); print(open(sys.argv[1]).read())", encoding="utf-8")
    config.write_text("epochs = 3", encoding="utf-8")
    hf = "from huggingface_hub.cli.hf import main; main()"
    for _ in range(2):
        code, stdout, stderr = run_python(
            hf, "jobs", "uv", "run", str(script), str(config), "--lr", "2", environ=environ
        )
        assert code == 0, stderr
        assert "args --lr 2\nepochs = 3\n" in stdout
    names = [name.partition("/")[2] for name in in_bucket(emulator, f"{USER}/jobs-artifacts")]
    assert sorted(names) == ["config.toml", "config.toml", "my_job.py", "my_job.py"]


def test_hfjobs_sends_a_script_and_a_directory(emulator: Emulator, environ: dict[str, str], tmp_path: Path) -> None:
    """What the job writes to the bucket stays there."""
    (tmp_path / "in" / "deep").mkdir(parents=True)
    (tmp_path / "in" / "deep" / "rows").write_text("7 rows", encoding="utf-8")
    (tmp_path / "step.py").write_text("import shutil, sys; shutil.copy(*sys.argv[1:])", encoding="utf-8")
    words = ("step.py", "/in/deep/rows", "/data/result")
    done = run(command("uv", "run", "--bucket", "-v", "./in:/in", *words), environ, directory=tmp_path)
    assert done.code == 0, done.stderr
    found = in_bucket(emulator, f"{USER}/jobs-artifacts")
    assert b"7 rows" in [content for name, content in found.items() if name.endswith("/result")]
    list_it = "import os, sys; print(os.listdir(sys.argv[1]))"
    again = run(command("run", "-v", "./in:/in", "x", "python", "-c", list_it, "/in"), environ, directory=tmp_path)
    assert (again.code, "Skips: 1" in again.stdout, "['deep']" in again.stdout) == (0, True, True), again


def test_every_kind_of_content_arrives_as_it_is(emulator: Emulator, environ: dict[str, str], tmp_path: Path) -> None:
    """hf_xet stores, compresses by LZ4, or groups bytes before it does."""
    dice = random.Random(7)
    contents = {
        "empty": b"",
        "text": "\n".join(f"line {n} of {dice.randrange(10**6)}" for n in range(30_000)).encode(),
        "zeros": bytes(400_000),
        "letters": b"".join(bytes([65 + n % 26]) * (1 + n % 700) for n in range(900)),
        "floats": struct.pack("<60000f", *(n / 1000 + 1 for n in range(60_000))),
        "noise": dice.randbytes(300_000),
        "deep/in/folders/mixed": b"head" * 50_000 + dice.randbytes(200_000) + b"head" * 50_000,
    }
    for place, content in enumerate(contents.values()):
        (tmp_path / str(place)).write_bytes(content)
    files = {name: tmp_path / str(place) for place, name in enumerate(contents)}
    assert upload(environ, files) == Result(0, f"{BUCKET}\n", "")
    assert in_bucket(emulator) == contents
    listed = emulator.ask("GET", f"/api/buckets/{BUCKET}/tree").data
    assert {each["path"]: each["size"] for each in listed} == {name: len(text) for name, text in contents.items()}
    below = emulator.ask("GET", f"/api/buckets/{BUCKET}/tree/deep/in").data
    assert [each["path"] for each in below] == ["deep/in/folders/mixed"]
    bucket = emulator.ask("GET", f"/api/buckets/{BUCKET}").data
    assert (bucket["id"], bucket["private"], bucket["totalFiles"]) == (BUCKET, True, len(contents))
    assert bucket["size"] == sum(map(len, contents.values()))
    if os.name == "posix":
        private = [emulator.directory / name for name in ("buckets", f"buckets/{BUCKET}/files/deep", "xet")]
        assert [path.stat().st_mode & 0o777 for path in private] == [0o700] * 3


def test_words_and_variables_lead_to_the_bucket(emulator: Emulator) -> None:
    """But not words that only look like it, and not volumes that are not buckets of the emulator."""
    emulator.ask("POST", f"/api/buckets/{USER}/mounts")
    volumes = [
        {"type": "bucket", "source": f"{USER}/mounts", "mountPath": "/data", "path": "a"},
        {"type": "bucket", "source": f"{USER}/mounts", "mountPath": "/data/deep/"},
        {"type": "bucket", "source": f"{USER}/nowhere", "mountPath": "/none"},
        {"type": "bucket", "source": f"{USER}/mounts", "mountPath": "/out", "path": "../.."},
        {"type": "model", "source": f"{USER}/mounts", "mountPath": "/model"},
    ]
    same = ["/database", "/data.txt", "/my/data", "./data", "/none/x", "/out/x", "/model/x", "data"]
    words = ["/data", "--config=/data/x.toml", "cat /data/a>/data/b", "/data/deep/x", *same]
    code = "import os, sys; print(*sys.argv[1:], os.environ['PLACE'], sep='\\n')"
    identifier = emulator.python(code, arguments=words, environment={"PLACE": "/data/place"}, volumes=volumes)
    assert emulator.wait(identifier)["status"]["stage"] == "COMPLETED"
    root = emulator.directory / "buckets" / USER / "mounts" / "files"
    here = str(root / "a")
    changed = [here, f"--config={here}/x.toml", f"cat {here}/a>{here}/b", f"{root}/x"]
    assert emulator.output(identifier) == [*changed, *same, f"{here}/place"]
    assert emulator.job(identifier)["arguments"] == words


def test_reset_forgets_buckets_and_what_clients_uploaded(tmp_path: Path, environ: dict[str, str]) -> None:
    """Else a client would not send again what it knows to be there."""
    (tmp_path / "x").write_text("content", encoding="utf-8")
    own = Emulator(tmp_path / "state", "--empty")
    try:
        for _ in range(2):
            assert upload({**environ, **own.environ}, {"x": tmp_path / "x"}).code == 0
            assert in_bucket(own) == {"x": b"content"}
            reset = run(command("emulator", "reset", "--state-dir", str(own.directory)), environ)
            assert reset.code == 0, reset.stderr
            assert in_bucket(own) == {}
            assert own.ask("GET", f"/api/buckets/{BUCKET}").status == 404
    finally:
        own.close()


def test_operations_that_fail_are_listed(emulator: Emulator, tmp_path: Path) -> None:
    emulator.ask("POST", f"/api/buckets/{USER}/own")
    (tmp_path / "x").write_text("x", encoding="utf-8")
    empty = "0" * 64
    lines = [
        f'{{"type": "addFile", "path": "a", "xetHash": "{empty}", "mtime": 1000}}',
        f'{{"type": "addFile", "path": "../a", "xetHash": "{empty}", "mtime": 1000}}',
        f'{{"type": "addFile", "path": "a/../../b", "xetHash": "{empty}", "mtime": 1000}}',
        f'{{"type": "addFile", "path": "a/b", "xetHash": "{empty}", "mtime": 1000}}',
        f'{{"type": "addFile", "path": "c", "xetHash": "{"f" * 64}", "mtime": 1000}}',
        '{"type": "addFile", "path": "c", "xetHash": "../../x", "mtime": 1000}',
        '{"type": "deleteFile", "path": "d"}',
    ]
    late = '{"type": "deleteFile", "path": "d", "mtime": 253402300799001}'
    assert emulator.ask("POST", f"/api/buckets/{USER}/own/batch", late.encode()).status == 400
    answer = emulator.ask("POST", f"/api/buckets/{USER}/own/batch", "\n".join(lines).encode()).data
    assert (answer["success"], answer["processed"], answer["succeeded"]) == (False, 7, 1)
    assert [each["path"] for each in answer["failed"]] == ["../a", "a/../../b", "a/b", "c", "c", "d"]
    errors = [each["error"] for each in answer["failed"]]
    assert [*errors[:2], *errors[3:5]] == [*["Invalid path"] * 2, "its content was not uploaded", "Invalid hash"]
    assert errors[2]
    assert errors[5] == os.strerror(errno.ENOENT)
    assert in_bucket(emulator, f"{USER}/own") == {"a": b""}
    assert emulator.ask("POST", f"/api/buckets/{USER}/own/batch", b'{"type": "deleteFile", "path": "a"}').status == 200
    assert in_bucket(emulator, f"{USER}/own") == {}


def shard(count: int = 1) -> bytes:
    """A shard with two files, each with the first chunk of the same xorb; for the first one there are more entries."""
    start = TAG + struct.pack("<QQ", 2, 0)
    digest = bytes.fromhex("efcdab8967452301") * 4  # HASH
    segment = struct.pack("<32sIIII", digest, 0, 3, 0, 1)
    first = struct.pack("<32sIIQ", bytes(32), 3 << 30, 1, 0) + segment + b"\xff" * 2 * 48
    second = struct.pack("<32sIIQ", digest, 0, count, 0) + segment
    return start + first + second + struct.pack("<32sIIQ", b"\xff" * 32, 0, 0, 0)


def chunk(content: bytes, method: int = 0, size: int | None = None, version: int = 0) -> bytes:
    """A chunk of a xorb, which says that its content has `size` bytes."""
    packed = len(content).to_bytes(3, "little")
    unpacked = (len(content) if size is None else size).to_bytes(3, "little")
    return bytes([version]) + packed + bytes([method]) + unpacked + content


def lz4(block: bytes, stored: int = 0) -> bytes:
    """A frame with a block, and with the size of the content and a checksum of the block, which are not read."""
    size = (len(block) | stored << 31).to_bytes(4, "little")
    return b"\x04\x22\x4d\x18\x78\x40" + bytes(9) + size + block + b"\1\2\3\4" + bytes(4)


WRONG_SIZE = "the xorb has a chunk of another size than it says"


@pytest.mark.parametrize(
    ("xorb", "outcome"),
    [
        (b"", "its chunks have another size than its shard says"),
        (b"\0\1", "the xorb is incomplete"),
        (chunk(b"abc")[:-1], "the xorb has an invalid chunk"),
        (chunk(b"abc", version=1), "the xorb has an invalid chunk"),
        (chunk(b"abc", method=3), "the xorb has an invalid chunk"),
        (chunk(b"abc", size=4), WRONG_SIZE),
        (chunk(b"abc", method=1), "not an LZ4 frame"),
        (chunk(lz4(b"\x20ab"), 1, 3), WRONG_SIZE),
        (chunk(lz4(b"abcd", stored=1), 1, 3), "invalid LZ4 block"),
        (chunk(lz4(b"\x30abc")[:-9], 1, 3), "invalid LZ4 block"),
        (chunk(lz4(b"\xf0"), 1, 3), "incomplete LZ4 block"),
        (chunk(lz4(b"\x10a\x00\x00"), 1, 3), "invalid LZ4 block"),  # copies from nowhere
        (chunk(lz4(b"\x10a\x02\x00"), 1, 3), "invalid LZ4 block"),  # copies from before the start
        (chunk(lz4(b"\x1fa\x01\x00" + b"\xff" * 9 + b"\x00"), 1, 3), "invalid LZ4 block"),  # is too long
        (chunk(b"abc"), b"abc"),
        (chunk(lz4(b"\x30abc"), 1, 3), b"abc"),
        (chunk(lz4(b"abc", stored=1), 1, 3) + b"XETBLOB and the rest of a footer", b"abc"),
    ],
)
def test_contents_are_checked(emulator: Emulator, xorb: bytes, outcome: str | bytes) -> None:
    """When a file is made of them."""
    emulator.ask("POST", f"/api/buckets/{USER}/checked")
    token = emulator.ask("GET", f"/api/buckets/{USER}/checked/xet-write-token").data
    store = token["casUrl"].removeprefix(emulator.endpoint)
    assert token["accessToken"] == emulator.token
    assert emulator.ask("POST", f"{store}/v1/xorbs/default/{HASH}", xorb).data == {"was_inserted": True}
    assert emulator.ask("POST", f"{store}/v1/shards", shard()).data == {"result": 1}
    line = f'{{"type": "addFile", "path": "x", "xetHash": "{HASH}", "mtime": 1000}}'
    answer = emulator.ask("POST", f"/api/buckets/{USER}/checked/batch", line.encode()).data
    if isinstance(outcome, bytes):
        assert answer["failed"] == []
        assert in_bucket(emulator, f"{USER}/checked") == {"x": outcome}
    else:
        assert answer["failed"] == [{"path": "x", "error": outcome}]


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "error"),
    [
        ("POST", "/api/buckets/alice/x", None, 404, "Namespace not found"),
        ("POST", f"/api/buckets/{USER}/.x", None, 400, "Invalid bucket name"),
        ("POST", f"/api/buckets/{USER}/nowhere/batch", b"", 404, "Bucket not found"),
        ("GET", f"/api/buckets/{USER}/nowhere", None, 404, "Bucket not found"),
        ("GET", f"/api/buckets/{USER}/nowhere/tree", None, 404, "Bucket not found"),
        ("GET", f"/api/buckets/{USER}/nowhere/xet-write-token", None, 404, "Bucket not found"),
        ("POST", "/xet/x/v1/xorbs/default/x", b"", 400, "Invalid hash"),
        ("POST", "/xet/x/v1/shards", b"x", 400, "not a shard of version 2"),
        ("POST", "/xet/x/v1/shards", shard()[:-1], 400, "the shard is incomplete"),
        ("POST", "/xet/x/v1/shards", shard(count=9), 400, "the shard is incomplete"),
        (
            "POST",
            f"/api/buckets/{USER}/nowhere/paths-info",
            b"",
            404,
            f"/api/buckets/{USER}/nowhere/paths-info not found: this server only takes uploads to buckets",
        ),
    ],
)
def test_errors(emulator: Emulator, method: str, path: str, body: bytes | None, status: int, error: str) -> None:
    assert emulator.ask(method, path, body)[:2] == (status, {"error": error})
