// Follows one's tasks over Socket.IO, from a position on; survives every cut.
import * as session from "./session.js";

const EVENTS = ["task_create", "task_update", "task_delete"];
const FIRST_PAUSE = 500; // milliseconds
const LONGEST_PAUSE = 15_000;

/**
 * Follow from `position` on. `on` has `event(event)`, `reset()` (list again: the position is
 * kept no more) and `state(name)`. Returns how to stop.
 */
export function follow(position, on) {
  let pause = FIRST_PAUSE;
  let timer = null;
  let over = false;

  // `auth` is a function: each reconnection asks it anew, so neither token nor position is stale.
  const auth = (give) => give({ token: session.current()?.access, since: position });
  // WebSocket only: it needs no sticky sessions in front of several processes.
  const socket = io("/ws/tasks", { auth, transports: ["websocket"], reconnectionDelayMax: 5000, forceNew: true });

  for (const name of EVENTS) {
    socket.on(name, (event) => {
      position = event.seq;
      on.event(event);
    });
  }
  socket.on("stream_ready", ({ seq }) => {
    position = seq;
    pause = FIRST_PAUSE;
    on.state("live");
  });
  socket.on("stream_reset", () => {
    stop();
    on.reset();
  });
  socket.on("token_expiring", async () => {
    const token = await session.refresh().catch(() => null);
    if (token) socket.emit("authenticate", { token });
  });
  socket.on("stream_closed", ({ code }) => {
    if (code === "session_ended") session.end("Your session has ended. Please log in again.");
  });
  socket.on("connect_error", (error) => {
    on.state("connecting");
    // The client retries what the network did; after a refusal of the server it is up to us.
    if (!socket.active) retryAfter(error.data?.code);
  });
  socket.on("disconnect", () => {
    on.state("connecting");
    if (!socket.active) retryAfter();
  });

  async function retryAfter(code) {
    if (over) return;
    if (code === "token_revoked") return session.end("Your session has ended. Please log in again.");
    if (code?.endsWith("_token") || code === "token_expired") await session.refresh().catch(() => {});
    timer = setTimeout(() => over || socket.connect(), pause * (0.5 + Math.random()));
    pause = Math.min(pause * 2, LONGEST_PAUSE);
  }

  function stop() {
    over = true;
    clearTimeout(timer);
    socket.disconnect();
  }

  return stop;
}
