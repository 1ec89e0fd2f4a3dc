/** What a phone tells its rep, as signals. */
import { computed, signal } from '@preact/signals';
import type { Database, Session } from './database';
import type { AttentionItem } from './queue';
import type { Instant } from './rows';

export interface Unsent {
  /** mutations that the server has not answered */
  count: number;
  /** when the oldest of them was made, by the server's clock as far as it is known; null when there is none */
  since: Instant | null;
  /** photos and files whose bytes are not all on the server */
  photos: number;
}

/** Work that is gone because the browser removed what was stored. */
export interface Lost {
  /** mutations that are gone; 0 when all were saved */
  count: number;
  since: Instant | null;
  /** mutations that were saved from the journal and are being sent */
  saved: number;
}

/** Somebody else's unsent work is on this phone; signing in would remove it. */
export class UnsentOfAnotherError extends Error {
  override name = 'UnsentOfAnotherError';
  constructor(readonly who: string, readonly unsent: Unsent, readonly attention: number) {
    super(`${who} has unsent work on this phone.`);
  }
}

export type PhoneState = 'current' | 'updating' | 'offline' | 'refused' | 'sign-in' | 'waiting';

export const NOTHING_UNSENT: Unsent = { count: 0, since: null, photos: 0 };

export class Shown {
  readonly session = signal<Session | null>(null);
  /** The open database while somebody is signed in. */
  readonly database = signal<Database | null>(null);
  /** False until what is stored has been looked at. */
  readonly ready = signal(false);
  /** Why nothing can be kept on this phone, if nothing can. */
  readonly storageProblem = signal<string | null>(null);

  /** The instant the stored figures are of; null before the first pull. */
  readonly asOf = signal<Instant | null>(null);
  /** When the server last answered, by its clock; null before the first pull. */
  readonly checkedAt = signal<Instant | null>(null);
  /** Since when requests have failed; null while they succeed. */
  readonly offlineSince = signal<Instant | null>(null);
  /** The session has ended on the server: what is stored stays readable. */
  readonly signInNeeded = signal(false);
  /** The server answers but refuses; in its own words. */
  readonly refusal = signal<string | null>(null);
  /** A sync that takes long enough to be worth a word. */
  readonly updating = signal(false);
  /** Counts changes of the stored rows; whoever shows rows reads them again. */
  readonly dataVersion = signal(0);

  readonly unsent = signal<Unsent>(NOTHING_UNSENT);
  readonly attention = signal<AttentionItem[]>([]);
  /** Set when the browser removed what was stored, until the rep has read it. */
  readonly lost = signal<Lost | null>(null);
  /** Too long without contact: sign in before anything is shown. */
  readonly leaseOver = signal(false);
  /** Whether the browser promised not to evict what is stored; null where it was not asked or cannot be. */
  readonly persisted = signal<boolean | null>(null);
  /** Server minus device clock, milliseconds; undefined before the first contact. */
  readonly skew = signal<number | undefined>(undefined);

  readonly phoneState = computed<PhoneState>(() => {
    if (this.signInNeeded.value) return 'sign-in';
    if (this.offlineSince.value) return 'offline';
    if (this.refusal.value) return 'refused';
    if (this.updating.value) return 'updating';
    return this.asOf.value ? 'current' : 'waiting';
  });

  /** Forget what one person was told before the next is told anything. */
  forget(): void {
    this.session.value = null;
    this.database.value = null;
    for (const figure of [this.asOf, this.checkedAt, this.offlineSince, this.refusal, this.lost]) figure.value = null;
    this.signInNeeded.value = this.leaseOver.value = this.updating.value = false;
    this.unsent.value = NOTHING_UNSENT;
    this.attention.value = [];
    this.dataVersion.value += 1;
  }
}
