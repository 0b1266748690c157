"""The Hub's Jobs API: one method per endpoint, over a transport and its connections, which alone use httpx."""

import sys

# Where click is installed, httpx imports its own command line, with rich: 45 of 160 ms, for nothing. A module that is
# None counts as not installed, and httpx does without it.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]
