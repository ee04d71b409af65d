// The types of taskmaster.js.

export type Status = "TO DO" | "IN PROGRESS" | "DONE";
export type Priority = "LOW" | "MEDIUM" | "HIGH";
type Field = "date_created" | "last_updated" | "due_date" | "title" | "priority";
export type Ordering = Field | `-${Field}`;
export type State = "connecting" | "live" | "offline" | "logged-out";
export type Unsubscribe = () => void;

export interface Task {
  id: string;
  title: string;
  description: string;
  status_task: Status;
  date_created: string;
  last_updated: string;
  due_date: string | null;
  priority: Priority;
}

export type TaskFields = Partial<Omit<Task, "id" | "date_created" | "last_updated">>;
export type NewTask = TaskFields & { title: string };

export type TaskEvent = { seq: number; occurred_at: string } & (
  | ({ action: "task_create" | "task_update" } & Task)
  | { action: "task_delete"; id: string; title?: undefined }
);

export type Operation =
  | { action: "create"; task: NewTask }
  | { action: "update"; id: string; task: TaskFields }
  | { action: "delete"; id: string };

export interface User {
  id: string;
  username: string;
  email: string;
  first_name: string | null;
  last_name: string | null;
  last_updated: string;
  last_login: string | null;
  is_superuser: boolean;
}

export interface NewUser {
  username: string;
  email: string;
  password: string;
  first_name?: string | null;
  last_name?: string | null;
}

export interface LoginSession {
  id: string;
  created_at: string;
  last_used_at: string;
  expires_at: string;
  user_agent: string;
  current: boolean;
}

export interface Filter {
  status_task?: Status | readonly Status[];
  search?: string;
  due_before?: string | Date;
  due_after?: string | Date;
  created_after?: string | Date;
  updated_after?: string | Date;
  ordering?: Ordering | null;
}

export interface Query extends Filter {
  page?: number;
  page_size?: number;
  cursor?: string;
}

export interface Page {
  count: number | null;
  results: Task[];
  /** The address of the page before, in a list that was asked for by page. */
  previous: string | null;
  /** The next page: its cursor, in a list that was asked for by cursor; else its address. */
  next: string | null;
  /** Where the log stood before: events after it are not in the list. */
  position: number;
}

/** A refusal of the API. Where no reply came, `code` is "offline" and `status` 0. */
export class TaskmasterError extends Error {
  private constructor();
  readonly code: string;
  readonly status: number;
  readonly detail: string;
  /** The fields at fault, each with what is wrong. */
  readonly errors: Record<string, string[]>;
  readonly requestId?: string;
  /** Seconds to wait before trying again. */
  readonly retryAfter?: number;
  /** Whether the request was sent before: a refusal may be due to what the first one did. */
  readonly repeated?: boolean;
}

export interface LiveList {
  readonly tasks: readonly Task[];
  readonly count: number | null;
  readonly hasMore: boolean;
  readonly state: State;
  readonly error: TaskmasterError | null;
  subscribe(listener: (tasks: readonly Task[], live: LiveList) => void): Unsubscribe;
  onState(listener: (state: State, live: LiveList) => void): Unsubscribe;
  more(): Promise<void>;
  close(): void;
}

export interface Tasks {
  create(fields: NewTask, options?: { key?: string }): Promise<Task>;
  update(id: string, changes: TaskFields, options?: { ifMatch?: string }): Promise<Task>;
  remove(id: string, options?: { ifMatch?: string }): Promise<void>;
  restore(id: string): Promise<Task>;
  bulk(operations: Operation[], options?: { key?: string }): Promise<(Task | { id: string })[]>;
  get(id: string): Promise<Task>;
  /** The task, and the tag of this version for `ifMatch`. */
  getWithTag(id: string): Promise<{ task: Task; etag: string }>;
  list(query?: Query): Promise<Page>;
  history(id: string, query?: { since?: number; limit?: number }): Promise<{ next: string | null; results: TaskEvent[] }>;
  live(query?: Filter, options?: { limit?: number }): LiveList;
}

export interface Account {
  get(): Promise<User>;
  update(changes: Partial<Pick<User, "username" | "email" | "first_name" | "last_name">>): Promise<User>;
  changePassword(old: string, wanted: string): Promise<{ detail: string }>;
  sessions(): Promise<LoginSession[]>;
  endSession(id: string): Promise<{ message: string }>;
  endOtherSessions(): Promise<{ message: string }>;
  remove(password: string): Promise<void>;
}

export interface Request {
  query?: object;
  body?: unknown;
  headers?: Record<string, string>;
  /** Whether it may be sent again after a lost reply. */
  repeatable?: boolean;
}

export interface Client {
  readonly user: User | null;
  onUser(listener: (user: User | null, why: TaskmasterError | null) => void): Unsubscribe;
  onEvent(listener: (event: TaskEvent, own: boolean) => void): Unsubscribe;
  register(account: NewUser, options?: { stay?: boolean }): Promise<User>;
  login(username: string, password: string, options?: { stay?: boolean }): Promise<User>;
  logout(): Promise<void>;
  readonly account: Account;
  readonly tasks: Tasks;
  events(options?: { since?: number; signal?: AbortSignal }): AsyncGenerator<TaskEvent, void, void>;
  request(method: string, path: string, request?: Request): Promise<unknown>;
  close(): void;
}

export interface Options {
  /** Where the session is kept; null for memory only. */
  storage?: {
    getItem(key: string): string | null;
    setItem(key: string, text: string): void;
    removeItem(key: string): void;
  } | null;
  /** `io` of socket.io-client, to follow over Socket.IO. */
  io?: (url: string, options: any) => any;
  /** A WebSocket, where there is none (Node before 22). */
  WebSocket?: any;
}

export function connect(url?: string, options?: Options): Client;
