"""Through which proxy a Hub is asked: the variables that curl and Go read, and what they mean there.

httpx stops at an entry of NO_PROXY that it cannot take, such as a network (`10.0.0.0/8`), which Docker Desktop sets.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit

from hfjobs_cli.text.numbers import digits

_PORTS = {"http": 80, "https": 443}


def proxy_for(endpoint: str, proxies: Mapping[str, str], odd: Callable[[str], None]) -> str | None:
    """Return the address of the proxy through which to ask `endpoint`, None for none.

    `proxies` is what `urllib.request.getproxies` returns: addresses by scheme, `all` for every scheme, and `no` for
    what needs none. `odd` is told of each entry of that which means nothing.
    """
    hub = urlsplit(endpoint)
    address = proxies.get(hub.scheme) or proxies.get("all")
    if not address:
        return None
    host, port = hub.hostname or "", hub.port or _PORTS.get(hub.scheme)
    entries = [entry.strip() for entry in proxies.get("no", "").split(",") if entry.strip()]
    fitting = [entry for entry in entries if _fits(entry, host, port, odd)]  # an odd one is told of in any case
    if fitting:
        return None
    return address if "://" in address else f"http://{address}"


def _fits(entry: str, host: str, port: int | None, odd: Callable[[str], None]) -> bool:
    """Tell whether an entry of NO_PROXY is about a host: `*`, a name or domain, an address, a network, with a port."""
    if entry == "*":
        return True
    pattern, wanted_port = _split_port(entry.lower())
    if wanted_port is not None and digits(wanted_port) is None:
        odd(entry)
        return False
    if wanted_port is not None and digits(wanted_port) != port:
        return False
    if "/" in pattern or ":" in pattern:
        try:
            network = ip_network(pattern.strip("[]"), strict=False)
        except ValueError:
            odd(entry)
            return False
        return _is_in(host, network)
    subdomains_only = pattern.startswith("*.")  # as Go has it; `.domain` is also the domain itself, as curl has it
    domain = pattern.removeprefix("*").lstrip(".").rstrip(".")
    if not domain or not all(char.isalnum() or char in "-._" for char in domain):
        odd(entry)
        return False
    name = host.lower().rstrip(".")
    return name.endswith(f".{domain}") or (name == domain and not subdomains_only)


def _split_port(entry: str) -> tuple[str, str | None]:
    """Part `host:port` and `[address]:port`; an IPv6 address alone has colons, too."""
    if entry.startswith("[") and "]" in entry:
        address, _, rest = entry[1:].partition("]")
        return address, rest.removeprefix(":") or None
    host, colon, port = entry.rpartition(":")
    return (host, port) if colon and ":" not in host else (entry, None)


def _is_in(host: str, network: object) -> bool:
    try:
        return ip_address(host) in network  # type: ignore[operator]
    except ValueError:
        return False
