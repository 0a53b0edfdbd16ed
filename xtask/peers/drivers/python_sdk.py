"""The official Python library, as its front page shows it."""

import asyncio
import json
import os
import time

from amp_sdk import execute


async def main() -> None:
    messages, first, error = 0, None, None
    begun = time.perf_counter()
    try:
        async for _ in execute("hi"):
            messages += 1
            if first is None:
                first = (time.perf_counter() - begun) * 1e3
            if "PEERS_LEAVE" in os.environ:
                break
    except Exception as failure:
        error = f"{type(failure).__name__}: {failure}"[:200]
    print(json.dumps({"messages": messages, "first_ms": first, "error": error}), flush=True)


asyncio.run(main())
