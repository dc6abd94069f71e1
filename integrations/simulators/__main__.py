"""``python -m integrations.simulators``: the simulators as one process, until told to stop."""

import argparse
import asyncio
import json
import logging
import os
import signal
import sys
from pathlib import Path

from .server import HttpServer
from .taobao.goods import SAMPLE_ITEMS, read_items
from .world import Options, World

DEFAULT_PORT = 9100


def read_arguments(arguments: list[str]) -> argparse.Namespace:
    """The command line; the port also comes from ``SIMULATOR_PORT``."""
    parser = argparse.ArgumentParser(prog="python -m integrations.simulators", description=__doc__)
    add = parser.add_argument
    port = int(os.environ.get("SIMULATOR_PORT", DEFAULT_PORT))
    add("--host", default="127.0.0.1")
    add("--port", type=int, default=port, help="0 takes a free one")
    add("--public-base", default="", help="scheme and host that pushes go to instead")
    add("--seed", type=int, default=1)
    add("--now", default="", help="start at this Shanghai time, yyyy-MM-dd HH:mm:ss")
    add("--no-samples", action="store_true", help="start with empty shops")
    add("--literal-samples", action="store_true", help="keep the recorded times of the samples")
    add("--trickle", type=float, default=0, metavar="N", help="new trades a minute")
    add("--trickle-shop", default="demo1")
    add("--skus", type=Path, help="JSON list of codes or {code,title,price} to sell")
    add(
        "--auto-advance",
        type=float,
        default=0,
        metavar="SECONDS",
        help="parcels move by themselves",
    )
    add("--query-gap", type=float, default=1800, metavar="SECONDS", help="30-minute rule")
    add("--refund", type=float, default=0, metavar="SECONDS", help="refunds succeed by themselves")
    add("--refund-gap", type=float, default=60, metavar="SECONDS", help="refunds of one payment")
    add("--notice-retry", type=float, default=15, metavar="SECONDS")
    add("--payment-keys", type=Path, help="file of the payment systems' RSA keys")
    add("--any-payment", action="store_true", help="refund payments nobody told us of")
    add("--push-retry", type=float, default=1800, metavar="SECONDS")
    add("--state", type=Path, help="file that keeps trades and parcels over a restart")
    add("--stop-with-stdin", action="store_true", help="stop when standard input ends")
    return parser.parse_args(arguments)


def read_options(given: argparse.Namespace) -> Options:
    """Options of the world from the command line."""
    return Options(
        seed=given.seed,
        now=given.now,
        samples=not given.no_samples,
        literal_samples=given.literal_samples,
        public_base=given.public_base,
        query_gap_seconds=given.query_gap,
        push_retry_seconds=given.push_retry,
        auto_advance_seconds=given.auto_advance,
        refund_seconds=given.refund,
        refund_gap_seconds=given.refund_gap,
        notice_retry_seconds=given.notice_retry,
        payment_keys=given.payment_keys,
        any_payment=given.any_payment,
        trickle_per_minute=given.trickle,
        trickle_shop=given.trickle_shop,
        state=given.state,
        items=read_items(json.loads(given.skus.read_text("utf-8"))) if given.skus else SAMPLE_ITEMS,
    )


async def serve(given: argparse.Namespace) -> None:
    """Serve until a signal (or the end of standard input) comes; says on stdout when ready."""
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stopped.set)
    if given.stop_with_stdin:
        loop.add_reader(sys.stdin, lambda: None if os.read(0, 1024) else stopped.set())
    world = World(read_options(given))
    server = HttpServer(world.handle)
    await server.start(given.host, given.port)
    world.start()
    print(f"simulators ready at http://{given.host}:{server.port}", flush=True)
    await stopped.wait()
    world.stop()
    await server.stop()


def main() -> None:
    """Entry point."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    asyncio.run(serve(read_arguments(sys.argv[1:])))


if __name__ == "__main__":
    main()
