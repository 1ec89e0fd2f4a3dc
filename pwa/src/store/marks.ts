/** What must be known before the database is open, or when it is gone: marks in text storage, which may be forbidden. */
import type { TextStorage } from './environment';

/** Somebody signed in here. Survives an emptied IndexedDB: asking the server for the session is then worth a request. */
export const SIGNED_IN = 'doorstep.signed-in';
/** Somebody signed in, and the page was loaded anew before anything was stored. */
export const SIGNING_IN = 'doorstep.signing-in';
/** A sign-out that the server has not been told of yet. */
export const OWED = 'doorstep.sign-out-owed';
/** Everything is being removed: a power cut in between is made good at the next opening. */
export const WIPING = 'doorstep.wiping';

export class Marks {
  constructor(private readonly env: { storage: TextStorage }) {}

  has = (key: string): boolean => this.trying((storage) => storage.getItem(key) !== null) ?? false;

  set(key: string): void {
    this.trying((storage) => storage.setItem(key, '1'));
  }

  drop(key: string): void {
    this.trying((storage) => storage.removeItem(key));
  }

  /** Remove all text, whoever wrote it. */
  clear(): void {
    this.trying((storage) => {
      const keys = Array.from({ length: storage.length }, (_, place) => storage.key(place) ?? '');
      for (const key of keys) storage.removeItem(key);
    });
  }

  /** Where text storage is forbidden the app works all the same; it only forgets that somebody signed in. */
  private trying<T>(work: (storage: TextStorage) => T): T | undefined {
    try {
      return work(this.env.storage);
    } catch {
      return undefined;
    }
  }
}
