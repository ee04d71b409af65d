// The one client of this page.
import { connect } from "/client/taskmaster.js";

// `io` comes from the bundle; without it the client follows over the plain WebSocket.
export const tm = connect(location.origin, { io: globalThis.io });

export const STATUSES = ["TO DO", "IN PROGRESS", "DONE"];
