"""An endpoint of the Hub: method, path, and whether a request may be repeated."""

from typing import NamedTuple
from urllib.parse import quote

from hfjobs_cli.query.references import check_name


class Endpoint(NamedTuple):
    """One thing that can be asked: a method, and a path with places for names, `/api/jobs/{namespace}/{id}`.

    One that `is_repeatable` does the same if it is asked twice, so it is asked again after failures that may pass.
    Without `needs_token` none is sent. What is answered counts for nothing unless it `has_answer`.
    """

    method: str
    path: str
    is_repeatable: bool = True
    needs_token: bool = True
    has_answer: bool = True

    def at(self, **names: str) -> str:
        """Return the path with names in their places. Raises UsageError for one that cannot be a name."""
        return self.path.format(**{key: quote(check_name(name, key), safe="") for key, name in names.items()})
