/**
 * A promise that was just tapped as kept. For some seconds the tap can be taken back; then it is entered. What was tapped is
 * written down at once, so that a browser that is closed meanwhile enters it when it is next open.
 */
import { effect, signal } from '@preact/signals';
import type { Database, Meta } from '../store/database';
import type { CustomerPromise, IsoDate } from '../store/rows';
import { database } from '../store/state';
import { today } from '../ui/clock';
import { UNDO_MS, say } from '../ui/said';
import { mutate } from '../store/mutate';

const PREFIX = 'keeping ';
const keyOf = (id: string): keyof Meta => (PREFIX + id) as keyof Meta;
const ALL = IDBKeyRange.bound(PREFIX, `${PREFIX}\uffff`);

const keeping = signal<ReadonlyMap<string, IsoDate>>(new Map());

export const isBeingKept = (id: string): boolean => keeping.value.has(id);

export async function keep({ id }: CustomerPromise): Promise<void> {
  const on = today.peek();
  keeping.value = new Map(keeping.peek()).set(id, on);
  await database.peek()?.put('meta', on as never, keyOf(id));
  setTimeout(() => void enter(id, on), UNDO_MS);
  say('Promise kept', () => void forget(id));
}

async function enter(id: string, kept_on: IsoDate): Promise<void> {
  if (!keeping.peek().has(id)) return; // taken back, or entered already
  await mutate('promise.keep', { id, kept_on });
  await forget(id);
}

async function forget(id: string): Promise<void> {
  const rest = new Map(keeping.peek());
  rest.delete(id);
  keeping.value = rest;
  await database.peek()?.delete('meta', keyOf(id));
}

/** What was tapped before the app was closed. */
async function enterLeftOver(db: Database): Promise<void> {
  const keys = (await db.getAllKeys('meta', ALL as never)) as unknown as string[];
  for (const key of keys) {
    const id = key.slice(PREFIX.length);
    if (keeping.peek().has(id)) continue;
    const on = (await db.get('meta', keyOf(id))) as unknown as IsoDate;
    keeping.value = new Map(keeping.peek()).set(id, on);
    await enter(id, on);
  }
}

effect(() => {
  const db = database.value;
  if (db) void enterLeftOver(db).catch(() => undefined); // closed under us: it is entered at the next start
  else keeping.value = new Map();
});

/** Enter at once whatever could still be taken back: nothing of it may be left behind. */
export async function enterAllKept(): Promise<void> {
  await Promise.all([...keeping.peek()].map(([id, on]) => enter(id, on)));
}
