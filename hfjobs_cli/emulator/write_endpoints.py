"""The endpoints that take JSON: the body is validated and applied, and what is sent as the answer is returned."""

from hfjobs_cli.emulator.api_types import Document
from hfjobs_cli.emulator.buckets import Buckets
from hfjobs_cli.emulator.jobs import Jobs
from hfjobs_cli.emulator.request_models import (
    ChangeFile,
    CreateJob,
    CreateSchedule,
    CreateWebhook,
    Expose,
    Labels,
    Reschedule,
    Webhook,
    parse_body,
)
from hfjobs_cli.emulator.schedules import Schedules
from hfjobs_cli.emulator.webhooks import Webhooks


class Changes:
    """Endpoints by their names in the routes of the app. Methods raise ApiError and StoreError."""

    def __init__(self, jobs: Jobs, schedules: Schedules, webhooks: Webhooks, buckets: Buckets) -> None:
        """Change these."""
        self._jobs = jobs
        self._schedules = schedules
        self._webhooks = webhooks
        self._buckets = buckets

    def create_job(self, content: bytes, namespace: str) -> Document:
        body = parse_body(CreateJob, content)
        return self._jobs.create(namespace, body.specification(), body.secrets or {})

    def label_job(self, content: bytes, namespace: str, identifier: str) -> Document:
        return self._jobs.set_labels(namespace, identifier, parse_body(Labels, content).labels)

    def expose_job(self, content: bytes, namespace: str, identifier: str) -> Document:
        return self._jobs.expose(namespace, identifier, parse_body(Expose, content).on_the_wire())

    def create_schedule(self, content: bytes, namespace: str) -> Document:
        body = parse_body(CreateSchedule, content)
        return self._schedules.create(
            namespace,
            body.job_spec.specification(),
            body.job_spec.secrets or {},
            schedule=body.schedule,
            suspend=body.suspend,
            concurrency=body.concurrency,
        )

    def change_schedule(self, content: bytes, namespace: str, identifier: str) -> Document:
        return self._schedules.reschedule(namespace, identifier, parse_body(Reschedule, content).schedule)

    def label_schedule(self, content: bytes, namespace: str, identifier: str) -> Document:
        return self._schedules.set_labels(namespace, identifier, parse_body(Labels, content).labels)

    def create_webhook(self, content: bytes) -> Document:
        body = parse_body(CreateWebhook, content)
        job = body.job.specification() if body.job else None
        return {"webhook": self._webhooks.create(body.settings(), job, body.job_secrets())}

    def update_webhook(self, content: bytes, identifier: str) -> Document:
        body = parse_body(Webhook, content)
        job = body.job.specification() if body.job else None
        return {"webhook": self._webhooks.update(identifier, body.settings(), job, body.job_secrets())}

    def change_files(self, content: bytes, namespace: str, name: str) -> Document:
        operations = [parse_body(ChangeFile, line).on_the_wire() for line in content.splitlines()]
        return self._buckets.change(namespace, name, operations)
