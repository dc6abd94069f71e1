"""Sharing the embedded test server among test runs: the last one to end stops it."""

import fcntl
import os
from typing import IO

from ordercenter.engine import postgres
from ordercenter.engine.postgres import Home


class SharedServer:
    """This run's share in the server that tests/settings.py has chosen.

    A server named by the user in DATABASE_URL is neither started nor stopped.
    """

    def __init__(self) -> None:
        self._home = Home("test")
        self._is_ours = os.environ["DATABASE_URL"] == self._home.cluster().url
        self._share: IO[str] | None = None

    def join(self) -> None:
        """Take a share and have the server running, also if another run has just stopped it."""
        if self._is_ours:
            self._share = (self._home.path / "users.lock").open("w")
            fcntl.flock(self._share, fcntl.LOCK_SH)
            os.environ["DATABASE_URL"] = postgres.ensure_running("test").url

    def leave(self) -> None:
        """Give the share back; when nobody else holds one, stop the server."""
        if self._share is None:
            return
        with self._share as share:
            try:
                fcntl.flock(share, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return
            postgres.stop(self._home.cluster())
