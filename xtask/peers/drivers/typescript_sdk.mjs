// The official TypeScript library, as its front page shows it.

import { execute } from "@sourcegraph/amp-sdk";

let messages = 0;
let first = null;
let error = null;
const begun = performance.now();
try {
  for await (const _ of execute({ prompt: "hi" })) {
    messages += 1;
    first ??= performance.now() - begun;
    if (process.env.PEERS_LEAVE !== undefined) break;
  }
} catch (failure) {
  error = String(failure).slice(0, 200);
}
console.log(JSON.stringify({ messages, first_ms: first, error }));
