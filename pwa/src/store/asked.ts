/** What the rep's calendars want of them, as the server said last: kept on the phone, so that Today has it at once. */
import { signal } from '@preact/signals';

export interface Wanted {
  /** events that may be about a customer and wait for an answer */
  asked: number;
  /** what is wrong with a calendar that the rep should look after; empty when nothing is */
  stuck: string;
}

export const asked = signal(0);
export const stuck = signal('');

let known = false;

/** What was kept counts until something is learned anew. */
export function recall(kept: Wanted | undefined): void {
  if (kept && !known) learn(kept);
}

export function learn(said: Wanted): void {
  known = true;
  asked.value = said.asked;
  stuck.value = said.stuck;
}
