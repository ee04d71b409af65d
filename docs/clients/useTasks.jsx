// A live list as a React hook: `const { tasks, state } = useTasks(tm, { status_task: ["TO DO"] });`
// `tm` is what `connect()` of /client/taskmaster.js returns. Make it once, outside of components.
import { useEffect, useState } from "react";

const NOTHING_YET = { tasks: [], count: null, state: "connecting", error: null };

export function useTasks(tm, query = {}) {
  const [list, setList] = useState(NOTHING_YET);
  const key = JSON.stringify(query); // an object literal is a new object at each rendering
  useEffect(() => {
    const live = tm.tasks.live(JSON.parse(key));
    const show = () => setList({ tasks: live.tasks, count: live.count, state: live.state, error: live.error });
    live.subscribe(show);
    live.onState(show);
    return () => live.close();
  }, [tm, key]);
  return list;
}

export function ToDo({ tm }) {
  const { tasks, state } = useTasks(tm, { status_task: ["TO DO"] });
  const finish = (task) => tm.tasks.update(task.id, { status_task: "DONE" });
  return (
    <section aria-busy={state !== "live"}>
      {tasks.map((task) => <button key={task.id} onClick={() => finish(task)}>{task.title}</button>)}
    </section>
  );
}
