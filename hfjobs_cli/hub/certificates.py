"""Which certificates https connections are checked with, and hints for those that fail."""

import os
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

MAX_CERTIFICATES_MIB = 64


class Distrust(NamedTuple):
    """Why no connection is secure, which another try does not change, and what may help."""

    reason: str
    hint: str


def check_certificates(environ: Mapping[str, str]) -> None:
    """See to it that what is named can be read. Raises OSError, also for a file that could have no end."""
    file, directories = environ.get("SSL_CERT_FILE"), environ.get("SSL_CERT_DIR")
    if file:
        if not Path(file).is_file() or Path(file).stat().st_size > MAX_CERTIFICATES_MIB * 1024 * 1024:
            raise OSError(f"{file} is not a file of certificates")
    elif directories and not any(map(os.path.isdir, directories.split(os.pathsep))):
        raise OSError(f"{directories} is not a directory of certificates")


def distrust(error: BaseException | None) -> Distrust | None:
    """Return why the other side of a connection was not trusted, None if that is not what went wrong."""
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return Distrust(
                f"its certificate is not trusted, {error.verify_message.rstrip('.')}",
                "check the clock; if a proxy inspects connections, set SSL_CERT_FILE to a file with its certificate",
            )
        if isinstance(error, ssl.SSLError) and error.reason in ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE"):
            return Distrust("it does not speak https", "check HF_ENDPOINT and the proxy")
        error = error.__cause__ or error.__context__
    return None
