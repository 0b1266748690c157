"""The sample jobs of the demo: some months of one user's jobs, and a few that still run.

They are written as of a morning in May 2026. When a demo is created, their times move to the present: those of active
and recent jobs exactly, others by whole days, and weekly runs by whole weeks. Ids stay, so that docs can quote them.
"""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone

from hfjobs_cli.emulator.account import CREATOR, ORGANIZATION, USER
from hfjobs_cli.emulator.api_types import Document, parse_time, wire_time
from hfjobs_cli.emulator.schedules import next_run
from hfjobs_cli.emulator.store import History

_MADE_UP = datetime(2026, 5, 12, 9, 0, 0, tzinfo=timezone.utc)
_LAST_RUN = datetime(2026, 5, 11, 13, 16, 7, tzinfo=timezone.utc)
_DAILY_SCHEDULE = "69c4179671691dc46f166314"
_WEEKLY_SCHEDULE = "6979ee8071691dc46f0f2c5b"
_WEBHOOK = "69a8b1d05c0f3e7d21b4a906"

_UV_IMAGE = "ghcr.io/astral-sh/uv:python3.12-bookworm"
_TORCH_IMAGE = "pytorch/pytorch:2.6.0-cuda12.4-cudnn9-devel"

# Sample jobs can be run again, on this machine and with any Python: they take a moment and change nothing.
_STEPS = (
    '; import time; [print("step", n, "loss", round(4 / n, 3), flush=True) or time.sleep(0.1) for n in range(1, 21)]'
)
_REFRESH = {
    "dockerImage": _UV_IMAGE,
    "command": ["python", "-c", 'print("1842 cards read, 37 of them new")'],
    "arguments": ["--source", "davanstrien/model-cards", "--push"],
    "environment": {"HF_XET_HIGH_PERFORMANCE": "1"},
    "secrets": ["HF_TOKEN"],
    "flavor": "cpu-upgrade",
    "timeout": 3600,
    "labels": {"name": "refresh-index", "team": "data"},
}
_EVALUATE = {
    "dockerImage": _TORCH_IMAGE,
    "command": ["python", "-c", 'print("ifeval 0.61"); print("gsm8k 0.54")'],
    "arguments": ["--tasks", "ifeval,gsm8k", "--model", "davanstrien/tiny-judge"],
    "environment": {},
    "secrets": ["HF_TOKEN", "WANDB_API_KEY"],
    "flavor": "l4x1",
    "timeout": 14400,
    "labels": {"name": "weekly-eval", "team": "ml"},
}
_HOOKED = {
    "dockerImage": "python:3.12",
    "command": ["python", "-c", 'import os; print(os.environ["WEBHOOK_REPO_ID"], "is valid")'],
    "arguments": [],
    "environment": {"WEBHOOK_REPO_ID": "davanstrien/model-cards", "WEBHOOK_REPO_TYPE": "dataset"},
    "secrets": ["WEBHOOK_SECRET"],
    "flavor": "cpu-basic",
    "timeout": 1800,
    "labels": {"name": "validate-dataset", "team": "data"},
}
_TRAIN = {
    "dockerImage": _UV_IMAGE,
    "command": ["python", "-c", f'print("training Qwen3-4B"){_STEPS}', "--epochs", "3"],
    "arguments": [],
    "environment": {"WANDB_PROJECT": "tiny-judge"},
    "secrets": ["HF_TOKEN", "WANDB_API_KEY"],
    "flavor": "a100-large",
    "timeout": 28800,
    "retry": 1,
    "labels": {"name": "train-judge", "team": "ml", "env": "prod"},
    "volumes": [{"type": "dataset", "source": "davanstrien/judgements", "mountPath": "/data", "readOnly": True}],
}
_HAND_RUN: tuple[Document, ...] = (
    _TRAIN,
    {
        "dockerImage": "vllm/vllm-openai:latest",
        "command": ["python", "-c", 'print("1842 of 1842 cards classified")', "--model", "davanstrien/tiny-judge"],
        "arguments": [],
        "environment": {"VLLM_LOGGING_LEVEL": "WARNING"},
        "secrets": ["HF_TOKEN"],
        "flavor": "l40sx1",
        "timeout": 7200,
        "labels": {"name": "classify-cards", "team": "data"},
    },
    {
        "dockerImage": "python:3.12",
        "command": ["python", "-c", "print('Hello from the cloud!')"],
        "arguments": [],
        "environment": {},
        "flavor": "cpu-basic",
        "timeout": 1800,
    },
    {
        "spaceId": "davanstrien/dataset-explorer",
        "command": ["python", "-c", 'print("cache built")', "--all"],
        "arguments": [],
        "environment": {"GRADIO_ANALYTICS_ENABLED": "0"},
        "secrets": ["HF_TOKEN"],
        "flavor": "t4-small",
        "timeout": 3600,
        "labels": {"name": "explorer-cache"},
    },
    {
        "dockerImage": _UV_IMAGE,
        "command": ["python", "-c", 'rows = 20_000\nprint(rows, "rows read")\nprint(rows // 7, "duplicates dropped")'],
        "arguments": [],
        "environment": {"POLARS_MAX_THREADS": "8"},
        "secrets": ["HF_TOKEN"],
        "flavor": "cpu-xl",
        "arch": "amd64",
        "timeout": 10800,
        "labels": {"name": "dedup", "team": "data", "env": "dev"},
    },
    {
        "dockerImage": _TORCH_IMAGE,
        "command": ["python", "-c", f'print("tuning SmolLM"){_STEPS}', "--config", "configs/smol 135m.yaml"],
        "arguments": [],
        "environment": {"TRITON_CACHE_DIR": "/tmp/triton"},  # noqa: S108 - a path in a job, not here
        "secrets": ["HF_TOKEN"],
        "flavor": "h200",
        "timeout": 43200,
        "labels": {"name": "sft-smol", "team": "ml", "env": "dev"},
    },
)
_ERRORS = (
    "Job failed with exit code: 1. Reason: Error.",
    "Job failed with exit code: 137. Reason: OOMKilled.",
    "Job timeout",
)


def history(now: datetime) -> History:
    """Return the jobs, scheduled jobs and webhooks of a new demo, as the Hub would send them."""
    passed = timedelta(days=(now - _MADE_UP).days)
    legacy_keys = ("startedAt", "finishedAt", "durations", "initiator")
    before = [{key: value for key, value in job.items() if key not in legacy_keys} for job in _before_initiators()]
    made_up = [*_scheduled(), *_started_by_hand(), *_hooked(), *_of_organization(), *before]
    jobs = [_moved(job, passed) for job in made_up]
    jobs += [_moved(job, now.replace(microsecond=0) - _MADE_UP) for job in _recent()]
    return History(jobs, _schedules(jobs, now, passed), [_webhook()])


def _webhook() -> Document:
    return {
        "id": _WEBHOOK,
        "disabled": False,
        "watched": [{"type": "dataset", "name": "davanstrien/model-cards"}],
        "domains": ["repo"],
        "secret": "sample",
        "job": _HOOKED | {"environment": {}, "secrets": []},
    }


def _moved(job: Document, passed: timedelta) -> Document:
    """Return a job moved by a time; a run of the weekly schedule stays on its day of the week."""
    if job.get("initiator") == _by("scheduled-job", _WEEKLY_SCHEDULE):
        passed -= timedelta(days=passed.days % 7)
    times = [key for key in ("createdAt", "startedAt", "finishedAt") if key in job]
    return job | {key: wire_time(parse_time(job[key]) + passed) for key in times}


def _schedules(jobs: list[Document], now: datetime, passed: timedelta) -> Iterator[Document]:
    """Yield two schedules, suspended, so that nothing runs on a machine by itself."""
    for identifier, schedule, concurrency, spec in (
        (_DAILY_SCHEDULE, "17 12 * * *", True, _REFRESH),
        (_WEEKLY_SCHEDULE, "0 3 * * 0", False, _EVALUATE),
    ):
        runs = [job for job in jobs if job.get("initiator") == _by("scheduled-job", identifier)]
        last = max(runs, key=lambda job: str(job["createdAt"]))
        created = datetime.fromtimestamp(int(identifier[:8], 16), timezone.utc) + passed
        yield {
            "type": "scheduled-job",
            "id": identifier,
            "createdAt": wire_time(created),
            "schedule": schedule,
            "suspend": True,
            "suspendReason": "Sample schedules do not run by themselves",
            "concurrency": concurrency,
            "status": {
                "lastJob": {"id": last["id"], "at": last["createdAt"]},
                "nextJobRunAt": wire_time(next_run(schedule, now)),
            },
            "owner": USER,
            "initiator": USER,
            "jobSpec": spec,
        }


def _id_at(moment: datetime) -> str:
    """Return the id of the seeded job created at `moment`: seconds, a machine, and a counter that runs with time."""
    counter = 0xF33A64 + int((moment - _LAST_RUN).total_seconds() * 144 / 3541)
    return f"{int(moment.timestamp()):08x}aff1cd33e8{counter % 2**24:06x}"


def _scheduled() -> Iterator[Document]:
    """Yield 62 runs of two schedules; the 63rd still runs."""
    dice = random.Random(62)  # noqa: S311
    for day in range(47):
        created = datetime(2026, 5, 11, 12, 17, 6, tzinfo=timezone.utc) - timedelta(days=day)
        yield _ended(created, _REFRESH, _by("scheduled-job", _DAILY_SCHEDULE), dice, failing=0.15)
    for week in range(15):
        created = datetime(2026, 5, 10, 3, 0, 4, tzinfo=timezone.utc) - timedelta(weeks=week)
        yield _ended(created, _EVALUATE, _by("scheduled-job", _WEEKLY_SCHEDULE), dice, failing=0.2)


def _started_by_hand() -> Iterator[Document]:
    """Yield the user's own runs, some of them duplicated later."""
    dice = random.Random(110)  # noqa: S311
    moments = sorted(_LAST_RUN - timedelta(seconds=dice.randrange(9_000, 8_000_000)) for _ in range(109))
    for index, created in enumerate([*moments, _LAST_RUN]):
        spec = _HAND_RUN[1] if created == _LAST_RUN else dice.choice(_HAND_RUN)
        failing = 0.0 if created == _LAST_RUN else 0.25
        job = _ended(created, spec, USER, dice, failing)
        yield job
        if index % 5 == 2:
            again = created + timedelta(seconds=dice.randrange(4_000, 8_000))
            yield _ended(again, spec, _by("duplicated-job", job["id"]), dice, failing=0.1)


def _hooked() -> Iterator[Document]:
    dice = random.Random(30)  # noqa: S311
    for index in range(30):
        created = datetime(2026, 5, 9, 18, 41, 30, tzinfo=timezone.utc) - timedelta(hours=53 * index)
        yield _ended(created, _HOOKED, _by("webhook", _WEBHOOK), dice, failing=0.1)


def _of_organization() -> Iterator[Document]:
    """Yield runs that an organization started for the user, and those in its own namespace."""
    dice = random.Random(15)  # noqa: S311
    for index in range(15):
        created = datetime(2026, 5, 8, 7, 30, 15, tzinfo=timezone.utc) - timedelta(hours=71 * index)
        job = _ended(created, _TRAIN, ORGANIZATION, dice, failing=0.2)
        yield job if index % 5 == 0 else job | {"owner": ORGANIZATION}


def _before_initiators() -> Iterator[Document]:
    """Yield jobs from a time when the Hub recorded neither initiators nor durations."""
    dice = random.Random(8)  # noqa: S311
    for index in range(8):
        created = datetime(2025, 8, 29, 10, 5, 0, tzinfo=timezone.utc) - timedelta(hours=30 * index)
        yield _ended(created, _HAND_RUN[index % 3], USER, dice, failing=0.2)


def _recent() -> Iterator[Document]:
    """Yield active jobs, and some that ended in the days before."""
    dice = random.Random(7)  # noqa: S311

    def ago(**distance: float) -> datetime:
        return _MADE_UP - timedelta(**distance)

    yield _ended(ago(days=1, hours=4), _TRAIN, USER, dice, failing=1.0)
    yield _ended(ago(days=2, hours=9), _HAND_RUN[5], USER, dice, failing=0.0)
    yield _ended(ago(days=6, hours=1), _HAND_RUN[4], USER, dice, failing=0.0)
    train = _running(ago(hours=3, minutes=12), _TRAIN, USER)
    yield train
    yield _running(ago(minutes=48), _HAND_RUN[3], USER)
    yield _running(ago(minutes=17), _REFRESH, _by("scheduled-job", _DAILY_SCHEDULE))
    yield _running(ago(minutes=9), _HAND_RUN[5], USER)
    yield _running(ago(minutes=5), _HOOKED, _by("webhook", _WEBHOOK))
    yield _scheduling(ago(minutes=2), _TRAIN, _by("duplicated-job", train["id"]))
    yield _scheduling(ago(seconds=40), _HAND_RUN[1], USER)


def _by(kind: str, identifier: str) -> Document:
    return {"type": kind, "id": identifier}


def _scheduling(created: datetime, spec: Document, initiator: Document) -> Document:
    return {
        "type": "job",
        "id": _id_at(created),
        "createdAt": wire_time(created),
        **spec,
        "createdBy": CREATOR,
        "owner": USER,
        "initiator": initiator,
        "status": {"stage": "SCHEDULING", "message": None},
    }


def _running(created: datetime, spec: Document, initiator: Document) -> Document:
    return _scheduling(created, spec, initiator) | {
        "startedAt": wire_time(created + timedelta(seconds=11)),
        "status": {"stage": "RUNNING", "message": None, "failureCount": 0},
    }


def _ended(created: datetime, spec: Document, initiator: Document, dice: random.Random, failing: float) -> Document:
    """Return a finished job; it failed or was canceled with probability `failing`."""
    waited = dice.randrange(3, 90)
    ran = int(spec["timeout"] * dice.uniform(0.01, 0.6))
    status: Document = {"stage": "COMPLETED", "message": None, "failureCount": 0}
    if dice.random() < failing:
        status = dice.choice(
            [
                {"stage": "ERROR", "message": dice.choice(_ERRORS), "failureCount": 1},
                {"stage": "ERROR", "message": _ERRORS[0], "failureCount": 1},
                {"stage": "CANCELED", "message": None},
                {"stage": "CANCELED", "message": None, "cancelReason": "NO_CREDITS"},
                {"stage": "DELETED", "message": None},
            ]
        )
    started = created + timedelta(seconds=waited)
    return _scheduling(created, spec, initiator) | {
        "startedAt": wire_time(started),
        "finishedAt": wire_time(started + timedelta(seconds=ran)),
        "durations": {"schedulingSecs": waited, "runningSecs": ran, "totalSecs": waited + ran},
        "status": status,
    }
