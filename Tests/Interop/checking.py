"""How a part says what holds, and how it ends: a line per check, and a status other than 0 if one fails."""

import asyncio
import inspect
import os
import re
import signal
import sys
from collections.abc import Callable

# What may be shown of a failure: no access token of any kind that is used here.
SECRET = re.compile(r"eyJ[\w.-]+|(?<=Bearer )[\w.~+/-]+")


def check(name: str, condition: bool, detail: object = "") -> None:
    if not condition:
        raise AssertionError(f"{name}: {detail}")
    print(f"ok   {name}", flush=True)


def first(failure: BaseException) -> BaseException:
    """What is raised while a client is open arrives inside groups."""
    while isinstance(failure, BaseExceptionGroup):
        failure = failure.exceptions[0]
    return failure


def conclude(main: Callable, arguments: int, usage: str) -> None:
    """Runs `main` with the command line's arguments, which must be this many, and ends the program."""
    if len(sys.argv) != arguments + 1:
        sys.exit(usage)
    # The server is configured by the part alone.
    for name in [name for name in os.environ if name.startswith("OAUTH_")]:
        del os.environ[name]
    # Ended from outside, it still stops what it started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        if inspect.iscoroutinefunction(main):
            asyncio.run(main(*sys.argv[1:]))
        else:
            main(*sys.argv[1:])
    except (AssertionError, BaseExceptionGroup) as failure:
        found = first(failure)
        kind = "" if isinstance(found, AssertionError) else f"{type(found).__name__}: "
        sys.exit("FAIL " + SECRET.sub("…", f"{kind}{found}"))
