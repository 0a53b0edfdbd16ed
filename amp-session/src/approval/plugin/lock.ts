// Asks the program that started Amp about each tool call, beside the rule that asks it as well.
// It knows no yes but the host's: without a host every call is refused.
import { connect } from "node:net";

export const description = "Asks the program that started Amp about each tool call";

// What the host hears of a call's arguments, in bytes; the helper has the same limit.
const longest = 16 << 20;

export default function (amp) {
  const waiting = new Map();
  let last = 0;
  let gone = false;
  let rest = "";
  const refusal = (message) => ({ action: "reject-and-continue", message });
  const lost = "nobody could be asked, so the call was refused: the host has gone away";
  const lose = () => {
    gone = true;
    for (const answer of waiting.values()) answer(refusal(lost));
    waiting.clear();
  };
  const socket = connect(process.env.AMP_SESSION_APPROVAL_SOCKET ?? "/nowhere");
  amp.on("tool.call", (event) => {
    if (gone) return refusal(lost);
    const length = Buffer.byteLength(JSON.stringify(event.input) ?? "");
    if (length > longest) return refusal("the arguments of the call are longer than 16 MiB");
    const number = ++last;
    const call = {
      number,
      tool: event.tool,
      tool_use_id: event.toolUseID,
      thread: event.thread?.id,
      arguments: event.input,
    };
    return new Promise((answer) => {
      waiting.set(number, answer);
      socket.write(JSON.stringify(call) + "\n");
    });
  });
  socket.setEncoding("utf8");
  socket.on("error", lose);
  socket.on("close", lose);
  socket.on("data", (text) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const { number, refused } = JSON.parse(line);
      waiting.get(number)?.(refused === null ? { action: "allow" } : refusal(String(refused)));
      waiting.delete(number);
    }
  });
  const token = process.env.AMP_SESSION_APPROVAL_TOKEN;
  socket.write(JSON.stringify({ token, plugin: true }) + "\n");
}
