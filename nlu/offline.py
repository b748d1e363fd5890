"""Parse without a server: JSON lines in, Rasa's parse results out. Runs in .venv-rasa.

One line `{"text": …}` gives one line, in order, flushed at once.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import sys


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--model", required=True)
    model = arguments.parse_args().model

    # Rasa prints warnings and progress to stdout; the answers must stand there alone.
    answers = sys.stdout
    sys.stdout = sys.stderr
    import structlog  # noqa: PLC0415 - after the redirection

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    logging.disable(logging.WARNING)
    from rasa.core.agent import Agent  # noqa: PLC0415

    agent = Agent.load(model)
    print(json.dumps({"ready": True}), file=answers, flush=True)

    async def serve() -> None:
        for line in sys.stdin:
            result = await agent.parse_message(json.loads(line)["text"])
            print(json.dumps(result, ensure_ascii=False), file=answers, flush=True)

    asyncio.run(serve())


if __name__ == "__main__":
    main()
