"""Webhooks of the account, and the jobs that they start. The user fires them, as no repository changes here.

Facts: https://huggingface.co/docs/hub/jobs-webhooks, .../docs/hub/webhooks for the payload, and the Hub's OpenAPI
document (`/api/settings/webhooks`) for the answers.
"""

import hashlib
import json
import secrets
from typing import NamedTuple

from hfjobs_cli.emulator import lifecycle
from hfjobs_cli.emulator.account import ORGANIZATION, USER
from hfjobs_cli.emulator.api_types import ApiError, Clock, Document, new_id
from hfjobs_cli.emulator.jobs import Jobs
from hfjobs_cli.emulator.store import Store, Tables

DEFAULT_REPO = "dataset:davanstrien/model-cards"
REPO_TYPES = ("model", "dataset", "space", "bucket")

_EVENT_DOMAIN = "repo"
"""The domain of all events here: the content of a repository changed."""


class Repo(NamedTuple):
    """A repository: its type (model, dataset, space, bucket) and its name with its owner."""

    type: str
    name: str


class Webhooks:
    """The webhooks of one store. Methods raise ApiError and StoreError."""

    def __init__(self, store: Store, jobs: Jobs, *, clock: Clock) -> None:
        """Use `store`, and start jobs through `jobs`."""
        self._store = store
        self._jobs = jobs
        self._clock = clock

    def all(self) -> list[Document]:
        """Return all webhooks, oldest first."""
        with self._store.read() as tables:
            return [_shown(each) for each in tables.webhooks()]

    def find(self, identifier: str) -> Document:
        """Return a webhook."""
        with self._store.read() as tables:
            return _shown(self._in(tables, identifier))

    def create(self, given: Document, job: Document | None, job_secrets: dict[str, str]) -> Document:
        """Store a webhook. `given` is the request without its job; `job` is a specification, if the request has one."""
        webhook = {"id": new_id(self._clock()), "disabled": False}
        with self._store.write() as tables:
            return self._save(tables, webhook | given, job, job_secrets)

    def update(self, identifier: str, given: Document, job: Document | None, job_secrets: dict[str, str]) -> Document:
        """Change a webhook; keys that are not given stay, and empty secrets are removed, as on the Hub."""
        with self._store.write() as tables:
            webhook = self._in(tables, identifier)
            kept = tables.secrets_of_webhook(identifier)
            if given.keys() & {"url", "jobSourceId"} or job is not None:
                for key in ("url", "job", "jobSourceId"):
                    webhook.pop(key, None)
            return self._save(tables, webhook | given, job, kept | job_secrets)

    def enable(self, identifier: str, *, is_enabled: bool) -> Document:
        """Enable or disable a webhook; a disabled one starts no jobs."""
        with self._store.write() as tables:
            webhook = self._in(tables, identifier) | {"disabled": not is_enabled}
            return self._save(tables, webhook, None, tables.secrets_of_webhook(identifier))

    def delete(self, identifier: str) -> None:
        """Delete a webhook; its jobs stay."""
        with self._store.write() as tables:
            self._in(tables, identifier)
            tables.delete_webhook(identifier)

    def fire(self, identifier: str, repo: Repo | None) -> Document:
        """Start the job of a webhook as if `repo` had changed, by default the first one that it watches.

        Raises ApiError 400 if the Hub would not start it.
        """
        with self._store.write() as tables:
            webhook = self._in(tables, identifier)
            repo = repo or _watched_repo(webhook)
            reason = _why_not(webhook, repo)
            if reason is not None:
                raise ApiError(400, f"webhook {identifier} {reason}")
            job = self._start(tables, webhook, repo)
        return self._started(job)

    def fire_watching(self, repo: Repo) -> list[Document]:
        """Start the jobs of all webhooks that watch `repo`, as if it had changed."""
        with self._store.write() as tables:
            fired = [each for each in tables.webhooks() if _why_not(each, repo) is None]
            jobs = [self._start(tables, each, repo) for each in fired]
        return [self._started(job) for job in jobs]

    def fire_job(self, identifier: str, repo: Repo) -> Document:
        """Run a job of any namespace again, as a webhook created from it would after a change of `repo`."""
        with self._store.write() as tables:
            source = tables.job_anywhere(identifier)
            if source is None:
                raise ApiError(404, "Job not found")
            webhook = {"id": _webhook_of(source), "job": source}
            job = self._add(tables, webhook, repo, source["owner"], tables.secrets_of_job(identifier))
        return self._started(job)

    def _started(self, job: Document) -> Document:
        self._jobs.poll()
        return lifecycle.live(job, self._clock())

    def _start(self, tables: Tables, webhook: Document, repo: Repo) -> Document:
        source = tables.job_anywhere(webhook.get("jobSourceId", ""))
        owner = USER if source is None else source["owner"]
        job_secrets = tables.secrets_of_webhook(webhook["id"])
        job = self._add(tables, webhook, repo, owner, job_secrets)
        tables.save_webhook(webhook | {"lastTriggerAt": job["createdAt"]}, job_secrets)
        return job

    def _add(
        self, tables: Tables, webhook: Document, repo: Repo, owner: Document, job_secrets: dict[str, str]
    ) -> Document:
        if "secret" in webhook:
            job_secrets = job_secrets | {"WEBHOOK_SECRET": webhook["secret"]}
        specification = webhook["job"] | {
            "environment": webhook["job"]["environment"] | _variables(webhook["id"], repo)
        }
        if job_secrets:
            specification["secrets"] = list(job_secrets)
        initiator = {"type": "webhook", "id": webhook["id"]}
        job = lifecycle.new_job(specification, owner=owner, initiator=initiator, now=self._clock())
        self._jobs.add(tables, job, job_secrets)
        return job

    def _save(self, tables: Tables, webhook: Document, job: Document | None, job_secrets: dict[str, str]) -> Document:
        """Store a webhook; its job is a copy of its source job at this time, without the source's secrets."""
        if job is None and "jobSourceId" in webhook and "job" not in webhook:
            source = tables.job_anywhere(webhook["jobSourceId"])
            if source is None:
                raise ApiError(404, "Job not found")
            job = lifecycle.specification_of(source)
        if job is not None:
            webhook["job"] = job
        if "job" in webhook:
            job_secrets = {name: value for name, value in job_secrets.items() if value}
            webhook["job"]["secrets"] = list(job_secrets)
        else:
            job_secrets = {}
        tables.save_webhook(webhook, job_secrets)
        return _shown(webhook)

    @staticmethod
    def _in(tables: Tables, identifier: str) -> Document:
        webhook = tables.webhook(identifier)
        if webhook is None:
            raise ApiError(404, "Webhook not found")
        return webhook


def _shown(webhook: Document) -> Document:
    """Return a webhook as the Hub does: its job has the keys of a request for a job."""
    if "job" not in webhook:
        return webhook
    job = {key: value for key, value in webhook["job"].items() if key not in ("timeout", "retry")}
    job |= {"timeoutSeconds": webhook["job"]["timeout"], "attempts": webhook["job"].get("retry", 0) + 1}
    return webhook | {"job": job}


def _watched_repo(webhook: Document) -> Repo:
    """Return the first repository that a webhook watches; for a watched account, one with an invented name."""
    first = next((each for each in webhook["watched"] if each["type"] in REPO_TYPES), None)
    if first is not None:
        return Repo(first["type"], first["name"])
    owners = [each["name"] for each in webhook["watched"]]
    return Repo("dataset", f"{owners[0]}/example") if owners else Repo(*DEFAULT_REPO.split(":"))


def _why_not(webhook: Document, repo: Repo) -> str | None:
    """Return why a change of `repo` starts no job of a webhook; None if it does."""
    if webhook["disabled"]:
        return "is disabled"
    if "job" not in webhook:
        return "starts no job: it sends to a URL, and the emulator sends nothing"
    if _EVENT_DOMAIN not in webhook["domains"]:
        return f"does not listen to the domain '{_EVENT_DOMAIN}'"
    owner = repo.name.partition("/")[0]
    seen = {(repo.type, repo.name), ("user", owner), ("org", owner)}
    if not any((each["type"], each["name"]) in seen for each in webhook["watched"]):
        return f"does not watch {repo.type}:{repo.name}"
    return None


def _webhook_of(job: Document) -> str:
    """Return the id of the webhook that started a job, or an invented one if none did."""
    initiator = job.get("initiator") or {}
    if initiator.get("type") == "webhook":
        return str(initiator["id"])
    return _id_of(f"webhook of {job['id']}")


def _variables(webhook: str, repo: Repo) -> dict[str, str]:
    """Return the variables of a webhook event: the content of `repo` changed."""
    owner = repo.name.partition("/")[0]
    known = {account["name"]: account["id"] for account in (USER, ORGANIZATION)}
    path = repo.name if repo.type == "model" else f"{repo.type}s/{repo.name}"
    head = secrets.token_hex(20)
    payload = {
        "event": {"action": "update", "scope": "repo.content"},
        "repo": {
            "type": repo.type,
            "name": repo.name,
            "id": _id_of(f"{repo.type} {repo.name}"),
            "private": False,
            "url": {
                "web": f"https://huggingface.co/{path}",
                "api": f"https://huggingface.co/api/{repo.type}s/{repo.name}",
            },
            "owner": {"id": known.get(owner) or _id_of(owner)},
            "headSha": head,
        },
        "updatedRefs": [{"ref": "refs/heads/main", "oldSha": secrets.token_hex(20), "newSha": head}],
        "webhook": {"id": webhook, "version": 3},
    }
    return {
        "WEBHOOK_ID": webhook,
        "WEBHOOK_PAYLOAD": json.dumps(payload),
        "WEBHOOK_REPO_ID": repo.name,
        "WEBHOOK_REPO_TYPE": repo.type,
    }


def _id_of(text: str) -> str:
    """Return an id that depends only on the text."""
    return hashlib.sha256(text.encode()).hexdigest()[:24]
