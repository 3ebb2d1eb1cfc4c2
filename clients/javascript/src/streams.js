/** Events as they happen: server-sent events, followed over lost connections without a gap. */

import { ConnectionFailed } from "./errors.js";
import { parse } from "./json.js";

const PATH = "/api/v1/events/stream";
const PAUSE = 3000; // milliseconds

/**
 * Yield the merchant's events from now on, or from behind `lastEventId`. A connection that breaks is opened again from
 * the same place. `signal` ends it.
 */
export async function* follow(transport, { lastEventId = "", signal } = {}) {
  let position = lastEventId;
  let wasOpen = false;
  while (!signal?.aborted) {
    try {
      const headers = position ? { "Last-Event-ID": position } : {};
      const answer = await transport.stream(PATH, { headers, signal });
      wasOpen = true;
      for await (const frame of frames(answer.body)) {
        position = frame.id || position;
        if (frame.data) yield parse(frame.data);
      }
    } catch (failure) {
      if (signal?.aborted) return;
      const isBroken = failure instanceof ConnectionFailed || failure instanceof TypeError;
      if (!wasOpen || !isBroken) throw failure;
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
}

/** Read `id:` and `data:` lines; an empty line ends an event (HTML Living Standard, 9.2.6). */
async function* frames(body) {
  let rest = "";
  let frame = { id: "", data: "" };
  for await (const part of body.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + part).split("\n");
    rest = lines.pop();
    for (const line of lines.map((one) => one.replace(/\r$/, ""))) {
      if (line === "") {
        yield frame;
        frame = { id: "", data: "" };
      }
      const [, name, value] = /^([^:]*):? ?(.*)$/.exec(line);
      if (name === "id") frame.id = value;
      if (name === "data") frame.data += value;
    }
  }
}
