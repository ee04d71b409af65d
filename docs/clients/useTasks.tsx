// A live list as a React hook: `const { tasks, state } = useTasks(tm, { status_task: ["TO DO"] });`
// `tm` is what `connect()` of /client/taskmaster.js returns. Make it once, outside of components.
import { useEffect, useState } from "react";
import type { Client, Filter, LiveList, Task } from "./taskmaster.js"; // the types are in taskmaster.d.ts

type List = Pick<LiveList, "tasks" | "count" | "hasMore" | "more" | "state" | "error">;
const NONE: List = { tasks: [], count: null, hasMore: false, more: async () => {}, state: "connecting", error: null };

export function useTasks(tm: Client, query: Filter = {}, limit?: number): List {
  const [list, setList] = useState(NONE);
  const key = JSON.stringify(query); // an object literal is a new object at each rendering
  useEffect(() => {
    const live = tm.tasks.live(JSON.parse(key), { limit });
    const show = () => {
      const { tasks, count, hasMore, state, error } = live;
      setList({ tasks, count, hasMore, more: () => live.more(), state, error });
    };
    live.subscribe(show);
    live.onState(show);
    return () => live.close();
  }, [tm, key, limit]);
  return list;
}

export function ToDo({ tm }: { tm: Client }) {
  const { tasks, state } = useTasks(tm, { status_task: ["TO DO"] });
  const finish = (task: Task) => tm.tasks.update(task.id, { status_task: "DONE" });
  return (
    <section aria-busy={state !== "live"}>
      {tasks.map((task) => <button key={task.id} onClick={() => finish(task)}>{task.title}</button>)}
    </section>
  );
}
