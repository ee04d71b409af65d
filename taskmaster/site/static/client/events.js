// What `tm.events()` gives: the events of one user after a position, read one by one.
import { TaskmasterError } from "./http.js";
import { Stream } from "./stream.js";

const MOST_WAITING = 1000; // events that are taken ahead of the reader

/** Yield the events after `since`, in order, until the reader has enough or one of the `signals` is aborted. */
export function events(session, open, since, signals) {
  const enough = new AbortController();
  const reader = read(session, open, since, [enough.signal, ...signals].filter(Boolean));
  const end = reader.return.bind(reader);
  // A generator by itself ends after the next event only, where one is being waited for.
  reader.return = (value) => {
    enough.abort();
    return end(value);
  };
  return reader;
}

async function* read(session, open, since, signals) {
  const { user } = session.need();
  if (!isPosition(since)) throw noPosition();
  const waiting = [];
  let failure = null;
  let wake = () => {};
  const stream = new Stream(session, open, {
    event(event) {
      if (waiting.push(event) === MOST_WAITING) stream.stop(); // until they are read
      wake();
    },
    reset() {
      const detail = `What followed this position is kept no more; the log stands at ${stream.position}.`;
      failure = new TaskmasterError({ code: "position_expired", status: 410, detail });
      stop(); // what comes now is behind the gap
    },
    state() {
      if (stream.over) failure = stream.error;
      wake();
    },
  });
  stream.position = since;
  const stop = () => stream.stop();
  signals.forEach((signal) => signal.addEventListener("abort", stop));
  const forgetUser = session.onUser((now, why) => {
    if (now?.id === user.id) return;
    waiting.length = 0;
    failure = why ?? sessionEnded();
    stop();
  });
  try {
    while (!signals.some((signal) => signal.aborted)) {
      if (waiting.length) yield waiting.shift();
      else if (failure) throw failure;
      else if (session.user?.id !== user.id) throw sessionEnded();
      else if (stream.state === "stopped") stream.start(stream.position);
      else await new Promise((resolve) => (wake = resolve));
    }
  } finally {
    forgetUser();
    signals.forEach((signal) => signal.removeEventListener("abort", stop));
    stop();
  }
}

/** Whether it is a whole number, also as text, or none. In JSON, NaN would become null: from now on. */
const isPosition = (since) =>
  since === undefined || since === null || (/^\d+$/.test(since) && Number.isSafeInteger(Number(since)));

const noPosition = () => {
  const errors = { since: ["Not a whole number."] };
  return new TaskmasterError({ code: "validation_failed", status: 422, detail: "Some fields are not valid.", errors });
};

const sessionEnded = () =>
  new TaskmasterError({ code: "session_ended", status: 401, detail: "The session of these events has ended." });
