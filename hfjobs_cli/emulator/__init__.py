"""A Jobs API on this machine: for trying the tool without an account, for tests, and for scripts.

It speaks the Hub's JSON over WSGI and shares no code with the client, so that a mistake in one shows in the other.
`app` is the API over HTTP, and `server` serves it on loopback. `jobs`, `schedules`, `webhooks` and `account` are what
it answers; `state` is the directory and `store` the database in which that is kept. `supervisor` is a process that runs
the jobs, `runner` runs one of them, with `processes` and `output`.
"""
