"""Gunicorn's settings: `gunicorn --config python:ordercenter.engine.web_server …`.

HOST, PORT, WEB_WORKERS and WEB_THREADS come from the environment. The supervisor hands over a
socket that listens already.
"""

import os
from pathlib import Path
from typing import Any

from gunicorn.glogging import Logger

from ordercenter.engine import logs

LISTENER_VARIABLE = "OC_LISTENER_FD"


class StructuredLogger(Logger):
    """Gunicorn's own words in the same form as everything else's."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        logs.configure({})
        self.error_log.handlers.clear()
        self.error_log.propagate = True


def _address() -> str:
    inherited = os.environ.get(LISTENER_VARIABLE)
    if inherited is not None:
        return f"fd://{inherited}"
    return f"{os.environ.get('HOST', '127.0.0.1')}:{os.environ.get('PORT', '8000')}"


wsgi_app = "ordercenter.wsgi:application"
bind = _address()
worker_class = "gthread"
workers = int(os.environ.get("WEB_WORKERS", "2"))
threads = int(os.environ.get("WEB_THREADS", "4"))
preload_app = True  # workers share the memory of the code
timeout = 60  # seconds without a sign of life of a worker
graceful_timeout = 15
keepalive = 5
accesslog = None  # RequestLogMiddleware writes a better line
logger_class = StructuredLogger
control_socket_disable = True
# A worker's sign of life is a file: on a busy disk it would come too late.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None
