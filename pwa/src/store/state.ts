/** What the whole app knows of itself: who is signed in and which database is open. */
import { signal } from '@preact/signals';
import type { Database, Session } from './database';

export const session = signal<Session | null>(null);
/** The open database while somebody is signed in. */
export const database = signal<Database | null>(null);
/** False until what is stored has been looked at. */
export const ready = signal(false);
/** Why nothing can be kept on this phone, if nothing can. */
export const storageProblem = signal<string | null>(null);
