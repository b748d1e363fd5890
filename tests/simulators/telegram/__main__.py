"""Talk to a running bot by hand: each line is what a resident writes, `#2` presses the second button."""

from __future__ import annotations

import argparse
import asyncio
import sys

from tests.simulators.telegram import TelegramSimulator, official_spec

CHAT = 1001


async def main(port: int) -> None:
    simulator = TelegramSimulator(official_spec())
    await simulator.start(port)
    print(f"TELEGRAM_API_BASE={simulator.base_url} TELEGRAM_BOT_TOKEN={simulator.token}")
    shown = 0
    reader = asyncio.create_task(asyncio.to_thread(sys.stdin.readline))
    try:
        while True:
            done, _ = await asyncio.wait({reader}, timeout=0.2)
            for message in simulator.sent(CHAT)[shown:]:
                rows = message.get("reply_markup", {}).get("inline_keyboard", [])
                print(f"\n{message['text']}\n", *(f"[{cell['text']}]" for row in rows for cell in row))
                shown += 1
            if done:
                line = reader.result()
                if not line:
                    return
                _act(simulator, line.strip())
                reader = asyncio.create_task(asyncio.to_thread(sys.stdin.readline))
    finally:
        await simulator.close()


def _act(simulator: TelegramSimulator, line: str) -> None:
    if not line.startswith("#"):
        simulator.residents.say(CHAT, line)
        return
    rows = [message.get("reply_markup", {}).get("inline_keyboard", []) for message in simulator.sent(CHAT)]
    cells = [cell for row in (rows[-1] if rows else []) for cell in row]
    if line[1:].isdigit() and 1 <= int(line[1:]) <= len(cells):
        simulator.residents.press(CHAT, cells[int(line[1:]) - 1]["text"])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=9000)
    asyncio.run(main(parser.parse_args().port))
