// Runs what tests send: each line of input is the body of an async function, and is answered by a line.
// `my` is there for what they keep; `tm` is the module of the client, `io` is socket.io-client's.
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const AsyncFunction = (async () => {}).constructor;
const require = createRequire(`${process.cwd()}/package.json`);
const tm = await import(process.argv[2]);
const { io } = require("socket.io-client");
const my = {
  /** Let so many replies be lost on the way; the requests arrive. */
  lose(count, method) {
    const { fetch } = globalThis;
    globalThis.fetch = async (url, options) => {
      const reply = await fetch(url, options);
      if (options.method !== method || count-- <= 0) return reply;
      throw new TypeError("fetch failed");
    };
  },
  /** Let so many replies to a path never come; the requests arrive. */
  hang(count, path) {
    const { fetch } = globalThis;
    my.hung = 0;
    globalThis.fetch = async (url, options) => {
      const reply = await fetch(url, options);
      if (!url.endsWith(path) || count-- <= 0) return reply;
      my.hung++;
      const { signal } = options;
      return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    };
  },
  /** Let each reply with a list take so long. */
  slow(milliseconds) {
    const { fetch } = globalThis;
    globalThis.fetch = async (url, options) => {
      const reply = await fetch(url, options);
      if (url.includes("/tasks/?")) await new Promise((resolve) => setTimeout(resolve, milliseconds));
      return reply;
    };
  },
  /** Keep replies on their way until `my.release()`; `my.held` counts them. */
  hold() {
    const { fetch } = globalThis;
    const released = new Promise((resolve) => (my.release = resolve));
    my.held = 0;
    globalThis.fetch = async (...call) => {
      const reply = await fetch(...call);
      my.held++;
      await released;
      return reply;
    };
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const { number, code, given } = JSON.parse(line);
  const run = new AsyncFunction("my", "tm", "io", "given", code);
  run(my, tm, io, given).then(
    (value) => answer({ number, value }),
    ({ message, stack, code, status, errors }) => answer({ number, error: { message, stack, code, status, errors } }),
  );
}

function answer(reply) {
  process.stdout.write(`${JSON.stringify(reply)}\n`);
}
