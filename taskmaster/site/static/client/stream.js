// Follows the log over one connection at a time, a plain WebSocket or Socket.IO, through every cut.
import { TaskmasterError, jitter } from "./http.js";

const FIRST_PAUSE = 500; // milliseconds before a reconnection; each is twice as long as the one before
const LONGEST_PAUSE = 30_000;
const CONNECTING = 20_000; // milliseconds until the first message
const SILENCE = 30_000; // milliseconds until the server is asked for a sign of life
const ANSWER = 10_000; // milliseconds that it has for that
// Refusals after which another token may do.
const OF_TOKEN = new Set([
  "token_expired", "token_revoked", "session_ended", "invalid_token", "not_authenticated", "wrong_token_type",
]);

/** Return how to open a connection: `open(hello, onMessage, onEnd)` gives `{ authenticate, close }`. */
export function transport(url, { io, WebSocket = globalThis.WebSocket }) {
  if (io) return overSocketIO(url, io);
  if (WebSocket) return overWebSocket(`${url.replace(/^http/, "ws")}/ws/tasks/`, WebSocket);
  throw new TypeError("There is no WebSocket here: pass `io` or `WebSocket` to connect().");
}

function overWebSocket(url, WebSocket) {
  return (hello, onMessage, onEnd) => {
    const socket = new WebSocket(url);
    const authenticate = (said) => socket.send(JSON.stringify({ action: "authenticate", ...said }));
    socket.onopen = () => authenticate(hello);
    socket.onmessage = ({ data }) => onMessage(JSON.parse(data));
    socket.onclose = socket.onerror = () => onEnd(); // not everywhere do both come
    return { authenticate, close: () => socket.close() };
  };
}

function overSocketIO(url, io) {
  return (hello, onMessage, onEnd) => {
    // WebSocket only: it needs no sticky sessions in front of several processes.
    const options = { auth: hello, transports: ["websocket"], forceNew: true, reconnection: false };
    const socket = io(`${url}/ws/tasks`, options);
    socket.onAny((action, body) => onMessage({ ...body, action }));
    socket.on("connect_error", ({ data }) => onEnd(data));
    socket.on("disconnect", () => onEnd());
    return { authenticate: (said) => socket.emit("authenticate", said), close: () => socket.disconnect() };
  };
}

/** Follows from a position on. `on` has `event(event)`, `reset()` and `state()`. */
export class Stream {
  state = "stopped"; // or "connecting", "live", "offline"
  error = null; // why it is offline, where the server said so
  over = false; // whether the server wants it to stay away
  floor = 0; // where it began: what came before was not delivered
  position = 0;
  #session;
  #open;
  #on;
  #connection = null;
  #userId; // whose log it is
  #token;
  #goodbye; // what the server said last about the end
  #pause = FIRST_PAUSE;
  #retry; // the timer of the next connection
  #watch; // the timer of the next sign of life
  #renewal; // the timer of the next token

  constructor(session, open, on) {
    this.#session = session;
    this.#open = open;
    this.#on = on;
  }

  /** Follow what comes after `since`; what comes from now on without it. */
  start(since) {
    this.#userId = this.#session.user?.id;
    this.floor = this.position = since;
    this.#pause = FIRST_PAUSE;
    this.#become("connecting");
    this.#connect();
  }

  stop() {
    this.#drop();
    clearTimeout(this.#retry);
    this.#become("stopped");
  }

  /** Look at once whether the connection stands, or try it again. */
  hurry() {
    if (this.state === "live") this.#probe();
    else if (this.state !== "stopped" && !this.#connection) this.#connect();
  }

  /** Take the connection for lost, without waiting for its silence; it is tried again as ever. */
  cut() {
    if (this.state === "stopped" || this.over) return;
    this.#become("offline");
    this.#lose();
  }

  #become(state, why) {
    if (state === this.state && why?.code === this.error?.code) return;
    const detail = `The stream was closed: ${why?.code}.`;
    Object.assign(this, { state, error: why ? new TaskmasterError({ detail, ...why }) : null });
    this.#on.state();
  }

  #connect() {
    this.#drop();
    clearTimeout(this.#retry);
    const session = this.#session.current;
    if (!session || session.user.id !== this.#userId) return this.stop();
    this.#token = session.access;
    this.#goodbye = null;
    this.over = false;
    const mine = (react) => (...news) => connection === this.#connection && react(...news);
    const hello = { token: this.#token, since: this.position };
    const connection = this.#open(hello, mine((message) => this.#take(message)), mine((why) => this.#lose(why)));
    this.#connection = connection;
    this.#expect(CONNECTING);
  }

  #drop() {
    const connection = this.#connection;
    this.#connection = null;
    clearTimeout(this.#watch);
    clearTimeout(this.#renewal);
    connection?.close();
  }

  #take(message) {
    clearTimeout(this.#watch);
    this.#watch = setTimeout(() => this.#probe(), SILENCE);
    if (message.action.startsWith("task_")) {
      this.position = message.seq;
      return this.#on.event(message);
    }
    return this.#control[message.action]?.(message);
  }

  #control = {
    stream_ready: ({ seq }) => {
      this.position = seq;
      this.floor ??= seq;
      this.#pause = FIRST_PAUSE;
      this.#become("live");
    },
    stream_reset: ({ seq }) => {
      this.floor = this.position = seq;
      this.#on.reset();
    },
    token_expiring: ({ expires_in: left }) => {
      // Some time within the first half of what is left, so that not all clients ask at once.
      const wait = Math.random() * Math.min(left * 500, 10_000);
      this.#renewal = setTimeout(() => this.#renew(), wait);
    },
    error: (message) => (this.#goodbye = message),
    stream_closed: (message) => (this.#goodbye = message),
  };

  async #renew() {
    const connection = this.#connection;
    try {
      const token = await this.#session.refresh(this.#token);
      if (connection !== this.#connection) return;
      if (this.#session.user?.id !== this.#userId) return this.stop();
      this.#token = token;
      connection.authenticate({ token });
    } catch {
      // Where the session is over, its user hears of it. Else the stream ends with the token, and asks again then.
    }
  }

  #probe() {
    this.#connection.authenticate({ token: this.#token });
    this.#expect(ANSWER);
  }

  #expect(milliseconds) {
    clearTimeout(this.#watch);
    this.#watch = setTimeout(() => this.#lose(), milliseconds);
  }

  async #lose(refused) {
    const why = refused ?? this.#goodbye;
    this.#drop();
    const ofToken = OF_TOKEN.has(why?.code);
    const forGood = why?.reconnect === false || why?.code === "validation_failed"; // it would be the same again
    this.over = forGood && !ofToken;
    this.#become(!this.over && (ofToken || this.state === "live") ? "connecting" : "offline", why);
    if (this.over) return;
    if (ofToken) await this.#session.refresh(this.#token).catch(() => {});
    if (this.state === "stopped" || this.#connection) return;
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.#connect(), jitter(this.#pause));
    this.#pause = Math.min(2 * this.#pause, LONGEST_PAUSE);
  }
}
