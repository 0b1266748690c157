"""Print pip constraints that pin what users install to the lowest versions the installed package's metadata allows."""

import re
from importlib.metadata import requires

for requirement in requires("hfjobs-cli") or []:
    specifiers, _, marker = requirement.partition(";")
    found = re.match(r"([A-Za-z0-9._-]+)[^;]*>=\s*([0-9.]+)", specifiers)
    if found and "dev" not in marker:
        print(f"{found[1]}=={found[2]}")  # noqa: T201
