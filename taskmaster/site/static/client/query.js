// What a query means, so that a live list knows where a changed task belongs without asking.

/**
 * Return a time in UTC to the microsecond, as text of fixed width, which sorts as the times do.
 * NaN for what is no time, which nothing is before or after: the server refuses the query.
 */
function utc(time) {
  const date = new Date(time);
  if (isNaN(date)) return NaN;
  const microseconds = /\.\d{3}(\d{1,3})/.exec(time)?.[1] ?? "";
  return date.toISOString().slice(0, 23) + microseconds.padEnd(3, "0");
}

/** Return what makes the condition on a task's time out of a limit; a task without that time does not pass. */
function comparing(name, passes) {
  return (limit) => {
    const asked = utc(limit);
    return (task) => task[name] !== null && passes(utc(task[name]), asked);
  };
}

const CONDITIONS = {
  status_task: (wanted) => (task) => [wanted].flat().includes(task.status_task),
  due_before: comparing("due_date", (time, limit) => time < limit),
  due_after: comparing("due_date", (time, limit) => time > limit),
  created_after: comparing("date_created", (time, limit) => time > limit),
  updated_after: comparing("last_updated", (time, limit) => time > limit),
};

/** Return whether a task passes all filters but `search`, which only the server knows how to do. */
export function predicate(query) {
  const given = ([name, value]) => name in CONDITIONS && value != null && value.length !== 0;
  const conditions = Object.entries(query).filter(given).map(([name, value]) => CONDITIONS[name](value));
  return (task) => conditions.every((isMet) => isMet(task));
}

const PRIORITIES = ["LOW", "MEDIUM", "HIGH"];
const KEYS = {
  date_created: (task) => task.id, // an id begins with the time
  last_updated: (task) => task.last_updated,
  due_date: (task) => task.due_date ?? "never, which sorts after every digit",
  priority: (task) => PRIORITIES.indexOf(task.priority),
};

/** Return how to compare two tasks; null for titles, whose order only the server knows. */
export function comparison(ordering) {
  const asked = ordering ?? "-date_created";
  const key = KEYS[asked.replace(/^-/, "")];
  const sign = asked.startsWith("-") ? -1 : 1;
  const compare = (a, b) => (a < b ? -sign : Number(a > b) * sign);
  return key ? (one, other) => compare(key(one), key(other)) || compare(one.id, other.id) : null;
}
