"""Who there is: one user, and one organisation that the user belongs to."""

from hfjobs_cli.emulator.wire import ApiError, Document

USER: Document = {
    "id": "60107b385ac3e86b3ea4fc34",
    "name": "davanstrien",
    "avatarUrl": "https://huggingface.co/avatars/davanstrien.svg",
    "type": "user",
}
ORGANISATION: Document = {
    "id": "65a1f0c2d9b7e43c5f0a1b2d",
    "name": "aurora-lab",
    "avatarUrl": "https://huggingface.co/avatars/aurora-lab.svg",
    "type": "org",
}
CREATOR: Document = {key: USER[key] for key in ("id", "name")}

_OWNERS = {owner["name"]: owner for owner in (USER, ORGANISATION)}


def owner_of(namespace: str) -> Document:
    """Return the account that is a namespace. Raises ApiError."""
    if namespace not in _OWNERS:
        raise ApiError(404, "Namespace not found")
    return _OWNERS[namespace]


def whoami() -> Document:
    """Return the answer to `GET /api/whoami-v2`."""
    token = {"displayName": "emulator", "role": "write", "createdAt": "2026-05-01T08:00:00.000Z"}
    return {
        **USER,
        "fullname": USER["name"],
        "isPro": True,
        "orgs": [{**ORGANISATION, "fullname": "Aurora Lab", "roleInOrg": "write"}],
        "auth": {"type": "access_token", "accessToken": token},
    }
