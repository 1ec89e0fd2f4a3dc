/** What the phone makes of its clock, which may be a day off or be set back. Pure. */
import type { ClockFacts } from './database';

/** An answer that took longer says too little of the server's clock. */
const SLOWEST_MS = 20_000;
const DAY_MS = 86_400_000;
export const DEFAULT_LEASE_DAYS = 14;

/**
 * Facts after an answer that was asked for at `asked`, came at `came` (device clock) and is `asOf` the server's clock.
 *
 * The server looked at its clock somewhere between the two, so the answer gives bounds. What is known already is moved no
 * further than into them: a slow answer does not make the phone's time jump.
 */
export function afterContact(facts: ClockFacts | undefined, asked: number, came: number, asOf: string): ClockFacts {
  const took = came - asked;
  const from = Date.parse(asOf);
  const to = from + (asOf.includes('.') ? 0 : 999); // whole seconds are cut off
  const usable = took >= 0 && took <= SLOWEST_MS && Number.isFinite(from);
  const least = Math.floor(from - came);
  const most = Math.ceil(to - asked);
  const known = facts?.skew_ms;
  const skew = usable ? (known === undefined ? Math.round((least + most) / 2) : Math.min(Math.max(known, least), most)) : known;
  return { seen: came, contact: came, ...(skew === undefined ? {} : { skew_ms: skew }) };
}

/** Facts after a look at the device's clock. */
export const afterLook = (facts: ClockFacts, now: number): ClockFacts => (now > facts.seen ? { ...facts, seen: now } : facts);

/** Whether the last contact was too long ago, by the device's clock or by the latest that it ever showed since. */
export const isLeaseOver = (facts: ClockFacts | undefined, now: number, days = DEFAULT_LEASE_DAYS): boolean =>
  facts !== undefined && Math.max(now, facts.seen) - facts.contact > days * DAY_MS;
