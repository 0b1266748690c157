"""A Jobs API on this machine: for trying the tool without an account, for tests, and for scripts.

It speaks the Hub's JSON over WSGI and shares no code with the client, so that a mistake in one shows in the other.
`app` is the API over HTTP, and `server` serves it on loopback. `jobs`, `schedules`, `webhooks`, `account` and `buckets`
are what it answers; `xet` decodes uploads. `state` is the directory in which all is kept, and `store` the database in
it. `supervisor` is a process that runs the jobs, `runner` runs one of them, with `processes` and `output`.
"""
