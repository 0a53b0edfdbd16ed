"""A client of the protocol's Python library: does what its argument says, and prints what it has seen."""

import asyncio
import json
import os
import sys

from acp import Client, image_block, spawn_agent_process, text_block
from acp.schema import AllowedOutcome, ClientCapabilities, DeniedOutcome, McpServerStdio
from acp.schema import RequestPermissionResponse as Response

TASK = json.loads(sys.argv[1])


def plain(value):
    return value.model_dump(mode="json", by_alias=True, exclude_none=True)


class Editor(Client):
    def __init__(self):
        self.seen = {"end": "no answer", "questions": [], "updates": []}

    def on_connect(self, agent):
        self.agent = agent

    async def session_update(self, session_id, update, **_):
        self.seen["updates"].append(plain(update))

    async def request_permission(self, session_id, tool_call, options, **_):
        question = {"sessionId": session_id, "toolCall": plain(tool_call)}
        question["options"] = [plain(option) for option in options]
        self.seen["questions"].append(question)
        reply = TASK["reply"]
        if reply == "cancel":
            await self.agent.cancel(session_id=session_id)
            return Response(outcome=DeniedOutcome(outcome="cancelled"))
        allow = reply == "allow" or (reply != "reject" and reply in json.dumps(question["toolCall"]["rawInput"]))
        kind = "allow_once" if allow else "reject_once"
        chosen = next(option.option_id for option in options if option.kind == kind)
        return Response(outcome=AllowedOutcome(outcome="selected", option_id=chosen))


async def main():
    editor = Editor()
    command = TASK["command"]
    async with spawn_agent_process(editor, *command, env=dict(os.environ)) as (agent, process):
        await agent.initialize(protocol_version=1, client_capabilities=ClientCapabilities())
        servers = [McpServerStdio(name="own", command=server, args=[], env=[]) for server in TASK["mcp"]]
        place = {"cwd": os.getcwd(), "mcp_servers": servers}
        if session := TASK["load"]:
            await agent.load_session(session_id=session, **place)
            editor.seen["loaded"] = len(editor.seen["updates"])
        else:
            session = (await agent.new_session(**place)).session_id
        blocks = [text_block(TASK["prompt"])] + [image_block(image, "image/gif") for image in TASK["images"]]
        editor.seen["end"] = (await agent.prompt(session_id=session, prompt=blocks)).stop_reason
    print(json.dumps(editor.seen))


asyncio.run(main())
