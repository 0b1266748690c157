"""What the Hub's OpenAPI document says of its answers, for holding the emulator against it.

It does not describe buckets: those answers are what huggingface_hub and hf_xet read.

Keys that it does not list are not allowed, as there. `network` is younger than the document; huggingface_hub reads it.
The job of a webhook has the keys of a request for one, as there, and of its secrets the names.
"""

from typing import Any

from jsonschema import Draft202012Validator, ValidationError
from jsonschema.exceptions import best_match

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
NUMBER: Schema = {"type": "number"}
FLAG: Schema = {"type": "boolean"}
TEXTS: Schema = {"type": "array", "items": TEXT}
VARIABLES: Schema = {"type": "object", "additionalProperties": TEXT}
MOMENT: Schema = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?Z$"}
HUB_ID: Schema = {"type": "string", "pattern": "^[0-9a-f]{24}$"}
FLAVORS = """
    cpu-basic cpu-upgrade cpu-performance cpu-xl sprx8 zero-a10g t4-small t4-medium l4x1 l4x4 l40sx1 l40sx4 l40sx8
    a10g-small a10g-large a10g-largex2 a10g-largex4 a100-large a100x4 a100x8 h200 h200x2 h200x4 h200x8
    rtx-pro-6000 rtx-pro-6000x2 rtx-pro-6000x4 rtx-pro-6000x8 inf2x6
"""
FLAVOR: Schema = {"enum": FLAVORS.split()}


def closed(required: dict[str, Schema], optional: dict[str, Schema] | None = None) -> Schema:
    """Return the schema of an object that has these keys and no others."""
    return {
        "type": "object",
        "properties": required | (optional or {}),
        "required": list(required),
        "additionalProperties": False,
    }


def one_of(*words: str) -> Schema:
    return {"enum": list(words)}


PORTS: Schema = {"type": "array", "maxItems": 20, "items": {"type": "integer", "minimum": 1, "maximum": 65535}}
ACCOUNT = closed({"id": HUB_ID, "name": TEXT, "type": one_of("user", "org"), "avatarUrl": TEXT})
SPECIFICATION: dict[str, Schema] = {
    "spaceId": TEXT,
    "dockerImage": TEXT,
    "timeout": NUMBER,
    "command": TEXTS,
    "arguments": TEXTS,
    "arch": one_of("amd64", "arm64"),
    "resourceGroupId": TEXT,
    "retry": NUMBER,
    "volumes": {
        "type": "array",
        "items": closed(
            {"type": TEXT, "source": TEXT, "mountPath": TEXT}, {"revision": TEXT, "readOnly": FLAG, "path": TEXT}
        ),
    },
    "expose": closed({"ports": PORTS}, {"portsPublic": PORTS}),
    "secrets": TEXTS,
    "labels": VARIABLES,
    "network": closed({"group": TEXT}, {"aliases": TEXTS}),
}
JOB = closed(
    {
        "id": TEXT,
        "createdAt": MOMENT,
        "environment": VARIABLES,
        "flavor": FLAVOR,
        "createdBy": closed({"id": TEXT, "name": TEXT}),
        "type": one_of("job"),
        "owner": ACCOUNT,
        "status": closed(
            {
                "stage": one_of("COMPLETED", "CANCELED", "ERROR", "DELETED", "RUNNING", "SCHEDULING"),
                "message": {"type": ["string", "null"]},
            },
            {"cancelReason": TEXT, "failureCount": NUMBER, "exposeUrls": TEXTS, "sshUrl": TEXT},
        ),
    },
    {
        **SPECIFICATION,
        "startedAt": MOMENT,
        "finishedAt": MOMENT,
        "durations": closed({}, {"schedulingSecs": NUMBER, "runningSecs": NUMBER, "totalSecs": NUMBER}),
        "initiator": {
            "anyOf": [
                ACCOUNT,
                *(
                    closed({"type": one_of(kind), "id": TEXT})
                    for kind in ("scheduled-job", "duplicated-job", "webhook")
                ),
            ]
        },
    },
)
SCHEDULED_JOB = closed(
    {
        "id": TEXT,
        "createdAt": MOMENT,
        "schedule": TEXT,
        "suspend": FLAG,
        "concurrency": FLAG,
        "status": closed(
            {
                "lastJob": {"anyOf": [closed({"id": TEXT, "at": MOMENT}), {"type": "null"}]},
                "nextJobRunAt": MOMENT,
            }
        ),
        "type": one_of("scheduled-job"),
        "owner": ACCOUNT,
        "jobSpec": closed({"environment": VARIABLES, "flavor": FLAVOR}, SPECIFICATION),
    },
    {"suspendReason": TEXT, "initiator": ACCOUNT},
)
WEBHOOK = closed(
    {
        "id": TEXT,
        "disabled": FLAG,
        "watched": {
            "type": "array",
            "items": closed(
                {"type": one_of("bucket", "dataset", "kernel", "model", "org", "space", "user"), "name": TEXT}
            ),
        },
        "domains": {"type": "array", "items": one_of("repo", "discussion")},
    },
    {
        "url": TEXT,
        "job": closed(
            {"environment": VARIABLES, "flavor": FLAVOR},
            {key: schema for key, schema in SPECIFICATION.items() if key not in ("timeout", "retry")}
            | {"timeoutSeconds": NUMBER, "attempts": NUMBER},
        ),
        "jobSourceId": TEXT,
        "secret": TEXT,
        "lastTriggerAt": MOMENT,
    },
)
HARDWARE = closed(
    {
        "name": TEXT,
        "prettyName": TEXT,
        "cpu": TEXT,
        "ram": TEXT,
        "ephemeralStorage": TEXT,
        "accelerator": {
            "anyOf": [
                closed(
                    {
                        "type": one_of("gpu", "neuron"),
                        "model": TEXT,
                        "quantity": TEXT,
                        "vram": TEXT,
                        "manufacturer": one_of("Nvidia", "AWS"),
                    }
                ),
                {"type": "null"},
            ]
        },
        "unitCostMicroUSD": NUMBER,
        "unitCostUSD": NUMBER,
        "unitLabel": TEXT,
    }
)
WHOAMI = closed(
    {
        "auth": closed(
            {"type": TEXT},
            {
                "accessToken": closed(
                    {"displayName": TEXT, "role": one_of("read", "write", "god", "fineGrained"), "createdAt": MOMENT}
                )
            },
        ),
        "type": one_of("user"),
        "id": TEXT,
        "name": TEXT,
        "fullname": TEXT,
        "avatarUrl": TEXT,
        "isPro": FLAG,
        "orgs": {
            "type": "array",
            "items": closed(
                {"type": one_of("org"), "id": TEXT, "name": TEXT, "fullname": TEXT, "avatarUrl": TEXT},
                {"roleInOrg": one_of("admin", "write", "contributor", "read", "no_access")},
            ),
        },
    }
)
JOBS_USAGE = closed(
    {
        "usage": closed(
            {
                "usedMicroUsd": NUMBER,
                "totalMinutes": NUMBER,
                "periodStart": MOMENT,
                "periodEnd": MOMENT,
                "jobDetails": {
                    "type": "array",
                    "items": closed(
                        {
                            "jobId": TEXT,
                            "hardwareFlavor": TEXT,
                            "totalMinutes": NUMBER,
                            "totalCostMicroUsd": NUMBER,
                            "startedAt": MOMENT,
                        },
                        {"completedAt": MOMENT},
                    ),
                },
            }
        ),
        "hasAccess": FLAG,
    }
)
WHO: Schema = closed({"id": TEXT, "name": TEXT})
ONE_WEBHOOK = closed({"webhook": WEBHOOK})
BUCKET = closed({"id": TEXT, "private": FLAG, "createdAt": MOMENT, "size": NUMBER, "totalFiles": NUMBER})
BUCKET_FILE = closed({"type": one_of("file"), "path": TEXT, "size": NUMBER, "xetHash": TEXT, "mtime": MOMENT})
BATCH = closed(
    {
        "success": FLAG,
        "processed": NUMBER,
        "succeeded": NUMBER,
        "failed": {"type": "array", "items": closed({"path": TEXT, "error": TEXT})},
    }
)
ERROR = closed({"error": TEXT}, {"url": TEXT})


def many(schema: Schema) -> Schema:
    return {"type": "array", "items": schema}


# By method and the path's last parts; `*` stands for a name or an id.
ANSWERS: dict[str, Schema] = {
    "GET whoami-v2": WHOAMI,
    "GET settings/billing/usage/jobs": JOBS_USAGE,
    "GET settings/webhooks": many(WEBHOOK),
    "POST settings/webhooks": ONE_WEBHOOK,
    "GET settings/webhooks/*": ONE_WEBHOOK,
    "POST settings/webhooks/*": ONE_WEBHOOK,
    "POST settings/webhooks/*/enable": ONE_WEBHOOK,
    "POST settings/webhooks/*/disable": ONE_WEBHOOK,
    "DELETE settings/webhooks/*": closed({}),
    "GET jobs/hardware": many(HARDWARE),
    "GET jobs/*": many(JOB),
    "POST jobs/*": JOB,
    "GET jobs/*/count": closed({"count": NUMBER}),
    "GET jobs/*/*": JOB,
    "POST jobs/*/*/duplicate": JOB,
    "POST jobs/*/*/cancel": JOB,
    "PUT jobs/*/*/labels": JOB,
    "PUT jobs/*/*/expose": JOB,
    "POST jobs/*/auth-check/*": closed({"namespace": WHO, "user": WHO}),
    "POST jobs/*/*/auth-check/*": closed({"namespace": WHO, "user": WHO}),
    "GET scheduled-jobs/*": many(SCHEDULED_JOB),
    "POST scheduled-jobs/*": SCHEDULED_JOB,
    "GET scheduled-jobs/*/*": SCHEDULED_JOB,
    "POST scheduled-jobs/*/*/run": JOB,
    "POST scheduled-jobs/*/*/schedule": SCHEDULED_JOB,
    "PUT scheduled-jobs/*/*/labels": SCHEDULED_JOB,
    "GET buckets/*/*": BUCKET,
    "POST buckets/*/*": closed({"url": TEXT}),
    "GET buckets/*/*/tree": many(BUCKET_FILE),
    "GET buckets/*/*/tree/*/*": many(BUCKET_FILE),
    "POST buckets/*/*/batch": BATCH,
    "GET buckets/*/*/xet-write-token": closed({"casUrl": TEXT, "accessToken": TEXT, "exp": NUMBER}),
    "POST /xet/*/v1/xorbs/default/*": closed({"was_inserted": FLAG}),
    "POST /xet/*/v1/shards": closed({"result": NUMBER}),
}
WORDS = {word for answer in ANSWERS for word in answer.partition(" ")[2].split("/")} - {"*"}


def check_answer(method: str, path: str, status: int, data: object) -> None:
    """Raise ValidationError unless the answer is what the OpenAPI document says of this request."""
    parts = path.partition("?")[0].removeprefix("/api/").split("/")
    shape = "/".join(part if part in WORDS else "*" for part in parts)
    schema = ERROR if status >= 400 else ANSWERS[f"{method} {shape}"]
    check(schema, data)


def check(schema: Schema, data: object) -> None:
    """Raise ValidationError unless `data` is what `schema` says."""
    error = best_match(Draft202012Validator(schema).iter_errors(data))
    if error is not None:
        raise ValidationError(f"{error.json_path}: {error.message}; the schemas are in tests/emulator/schemas.py")
