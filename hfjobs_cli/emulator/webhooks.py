"""Webhooks that are fired by hand: what a job finds that one has started.

Facts: https://huggingface.co/docs/hub/jobs-webhooks, and .../docs/hub/webhooks for the payload.
"""

import hashlib
import json
from typing import NamedTuple

from hfjobs_cli.emulator.api_types import Document

DEFAULT_REPO = "dataset:davanstrien/model-cards"


class Repo(NamedTuple):
    """A repository: model, dataset or space, and its name with its owner."""

    type: str
    name: str


def webhook_of(job: Document) -> str:
    """Return the webhook that started a job, or for one that none did, the one that is to run it again."""
    initiator = job.get("initiator") or {}
    if initiator.get("type") == "webhook":
        return str(initiator["id"])
    return hashlib.sha256(f"webhook of {job['id']}".encode()).hexdigest()[:24]


def variables(webhook: str, repo: Repo) -> dict[str, str]:
    """Return the variables of a webhook event: the content of `repo` changed."""
    payload = {
        "event": {"action": "update", "scope": "repo.content"},
        "repo": {"type": repo.type, "name": repo.name, "private": False},
        "webhook": {"id": webhook, "version": 3},
    }
    return {
        "WEBHOOK_PAYLOAD": json.dumps(payload),
        "WEBHOOK_REPO_ID": repo.name,
        "WEBHOOK_REPO_TYPE": repo.type,
    }
