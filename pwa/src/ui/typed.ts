/**
 * What a rep has begun to write and not saved yet. It is kept as they type, so that leaving the screen, a call that comes in
 * or a browser that is killed loses nothing; it is forgotten once it is saved, or when they throw it away.
 */
import { effect, signal, type Signal } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import type { Database, Meta } from '../store/database';
import type { Instant } from '../store/rows';
import { database } from '../store/state';

export interface Typed<T = unknown> {
  /** the address of its form */
  path: string;
  /** what it is, in words: `Visit at Norrvik Paper` */
  title: string;
  at: Instant;
  value: T;
}

/** What is typed is written down at least this often. */
const PAUSE_MS = 250;
const PREFIX = 'typed ';
const keyOf = (path: string): keyof Meta => (PREFIX + path) as keyof Meta;
const ALL = IDBKeyRange.bound(PREFIX, `${PREFIX}\uffff`);

/** What was typed since the app was opened; null for what was saved or thrown away. It is ahead of what is stored. */
const memory = new Map<string, Typed | null>();
effect(() => {
  if (!database.value) memory.clear();
});

export async function readTyped<T>(db: Database, path: string): Promise<Typed<T> | null> {
  const known = memory.get(path);
  if (known !== undefined) return known as Typed<T> | null;
  return ((await db.get('meta', keyOf(path))) as unknown as Typed<T> | undefined) ?? null;
}

/** Everything begun and not saved, the newest first. */
export async function readAllTyped(db: Database): Promise<Typed[]> {
  const stored = (await db.getAll('meta', ALL as never)) as unknown as Typed[];
  const all = new Map(stored.map((one) => [one.path, one]));
  for (const [path, one] of memory) {
    if (one) all.set(path, one);
    else all.delete(path);
  }
  return [...all.values()].sort((a, b) => b.at.localeCompare(a.at));
}

export async function forgetTyped(path: string): Promise<void> {
  memory.set(path, null);
  await database.peek()?.delete('meta', keyOf(path));
}

export interface Draft<T> {
  value: Signal<T>;
  change: (part: Partial<T>) => void;
  /** something was typed here and not saved */
  begun: Signal<boolean>;
  forget: () => Promise<void>;
  /** where it is kept: who stores what it says removes it there, in the same transaction */
  key: keyof Meta;
  /** it is being stored: nothing of it is written down until `saved` or `notSaved` */
  saving: () => void;
  saved: () => void;
  notSaved: () => void;
}

/**
 * The value of a form, kept as it changes.
 *
 * `found` is what was read when the form was opened; what was typed in this session is ahead of it.
 */
export function useTyped<T extends object>(path: string, title: string, initial: T, found: Typed<T> | null): Draft<T> {
  const draft = useMemo(() => {
    const known = memory.get(path);
    const start = (known === undefined ? found : (known as Typed<T> | null))?.value;
    return keep(path, title, signal<T>(start ? { ...initial, ...start } : initial), Boolean(start));
  }, [path]);
  useEffect(() => {
    const hidden = () => draft.flush();
    addEventListener('pagehide', hidden);
    document.addEventListener('visibilitychange', hidden);
    return () => {
      hidden();
      removeEventListener('pagehide', hidden);
      document.removeEventListener('visibilitychange', hidden);
    };
  }, [draft]);
  return draft;
}

/** Write it now: a page that is going away waits for no answer, so the transaction is told to end by itself. */
function write(path: string, record: Typed): void {
  try {
    const tx = database.peek()?.transaction('meta', 'readwrite');
    if (!tx) return;
    tx.done.catch(() => undefined); // signed out meanwhile: then nothing is to be kept
    void tx.store.put(record as never, keyOf(path));
    tx.commit();
  } catch {
    // The same, seen at once.
  }
}

function keep<T extends object>(path: string, title: string, value: Signal<T>, wasBegun: boolean) {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let held = false;
  const begun = signal(wasBegun);
  const stop = () => {
    clearTimeout(timer);
    timer = undefined;
  };
  const flush = () => {
    if (timer === undefined || held) return;
    stop();
    const record = memory.get(path);
    if (record) write(path, record);
  };
  const later = () => {
    timer ??= setTimeout(() => flush(), PAUSE_MS);
  };
  return {
    value,
    begun,
    flush,
    change(part: Partial<T>) {
      value.value = { ...value.peek(), ...part };
      begun.value = true;
      memory.set(path, { path, title, at: new Date().toISOString(), value: value.peek() });
      later();
    },
    async forget() {
      stop();
      begun.value = false;
      await forgetTyped(path);
    },
    key: keyOf(path),
    saving() {
      held = true;
      stop();
    },
    saved() {
      held = false;
      stop();
      begun.value = false;
      memory.set(path, null);
    },
    notSaved() {
      held = false;
      if (memory.get(path)) later();
    },
  };
}
