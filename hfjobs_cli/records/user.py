"""Whose token it is. Facts about the payload: the Hub's OpenAPI document, `GET /api/whoami-v2`."""

from dataclasses import dataclass
from typing import Annotated

from hfjobs_cli.records.declared import About
from hfjobs_cli.records.record import Record


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Organisation(Record):
    """An organisation that a user belongs to. The name is its namespace."""

    name: Annotated[str, About("the organisation's name", "aurora-lab")]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class User(Record):
    """The user to whom a token belongs. The name is their namespace."""

    name: Annotated[str, About("the user's name", "alice")]
    orgs: Annotated[list[Organisation], About("organisations of the user", "[aurora-lab]")]
