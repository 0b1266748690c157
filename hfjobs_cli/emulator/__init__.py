"""A Jobs API on this machine: for trying the tool without an account, for tests, and for anyone's scripts.

It speaks the Hub's JSON over WSGI and shares no code with the client, so that a mistake in one shows in the other.
`app` is the API over HTTP, `jobs` and `schedules` what it does, `store` where it is kept. `supervisor` is a process of
its own that runs the jobs, `runner` one job of it; `scheduler` starts what is due,
`server` puts all of it on loopback, to as many as `connections` allows. `trust` says whose the directory must be.
"""
