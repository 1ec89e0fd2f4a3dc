/**
 * A second copy of what is unsent, outside IndexedDB, so that a database that is lost takes nothing that the rep entered
 * with it. One entry a mutation: tabs never write each other's.
 *
 * Storage that is full or forbidden is no error here: the mutation is safe in IndexedDB. How many there were and since when
 * is kept apart, so that what was in neither can at least be said.
 */
import type { TextStorage } from './environment';
import type { Queued } from './queue';
import type { Instant } from './rows';

const ENTRY = 'doorstep.unsent.';
const OWING = 'doorstep.owing';
/** Characters that all entries together may take; browsers give a site some five million. */
export const MOST_CHARACTERS = 2_000_000;

export interface Entry {
  user_id: string;
  mutation: Queued;
}

/** How many mutations are unsent or need attention, and since when. */
export interface Owing {
  user_id: string;
  name: string;
  count: number;
  since: Instant | null;
}

export class Journal {
  constructor(private readonly env: { storage: TextStorage }) {}

  add(user_id: string, mutations: readonly Queued[]): void {
    let size = mutations.length ? this.size() : 0;
    for (const mutation of mutations) {
      const entry = JSON.stringify({ user_id, mutation } satisfies Entry);
      size += entry.length;
      if (size > MOST_CHARACTERS) return;
      this.set(ENTRY + mutation.id, entry);
    }
  }

  remove(ids: Iterable<string>): void {
    for (const id of ids) this.drop(ENTRY + id);
  }

  /** What this user entered here, in the order it was made. */
  of(userId: string): Queued[] {
    const entries = this.keys().map((key) => this.get<Entry>(key)).filter((entry) => entry?.user_id === userId);
    return entries.map((entry) => (entry as Entry).mutation).sort((a, b) => a.order - b.order || (a.id < b.id ? -1 : 1));
  }

  owes(owing: Owing): void {
    if (owing.count) this.set(OWING, JSON.stringify(owing));
    else this.drop(OWING);
  }

  owing(): Owing | undefined {
    return this.get<Owing>(OWING);
  }

  clear(): void {
    for (const key of this.keys()) this.drop(key);
    this.drop(OWING);
  }

  private keys(): string[] {
    try {
      const all = Array.from({ length: this.env.storage.length }, (_, place) => this.env.storage.key(place) ?? '');
      return all.filter((key) => key.startsWith(ENTRY));
    } catch {
      return [];
    }
  }

  private size(): number {
    return this.keys().reduce((sum, key) => sum + (this.env.storage.getItem(key)?.length ?? 0), 0);
  }

  private get<T>(key: string): T | undefined {
    try {
      return JSON.parse(this.env.storage.getItem(key) ?? 'null') ?? undefined;
    } catch {
      return undefined;
    }
  }

  private set(key: string, value: string): void {
    try {
      this.env.storage.setItem(key, value);
    } catch {
      // full or forbidden: see above
    }
  }

  private drop(key: string): void {
    try {
      this.env.storage.removeItem(key);
    } catch {
      // forbidden: nothing was kept either
    }
  }
}
