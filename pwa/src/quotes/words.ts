/** States of a quote in words: what happened, and with a sign for it. */
import type { Quote, QuoteStatus } from '../store/rows';
import { now, timeZone, today } from '../ui/clock';
import { age, dayAndMonth, dayDistance } from '../ui/dates';

export type Tone = 'good' | 'warn' | 'bad' | 'info' | '';

const STATES: Record<QuoteStatus, [words: string, tone: Tone]> = {
  draft: ['Draft', ''], in_approval: ['Waits for approval', 'warn'], approved: ['Approved, not sent', 'good'], refused: ['Approval refused', 'bad'],
  sent: ['Sent', 'info'], viewed: ['Seen by the customer', 'info'], accepted: ['Accepted', 'good'], declined: ['Declined', 'bad'],
  expired: ['Expired', 'warn'], withdrawn: ['Withdrawn', ''],
};

/** A sent quote whose day has passed is expired, also before the server says so. */
export function statusOf(quote: Pick<Quote, 'status' | 'valid_until'>): QuoteStatus {
  const over = quote.valid_until !== undefined && dayDistance(quote.valid_until, today.value) > 0;
  return over && (quote.status === 'sent' || quote.status === 'viewed') ? 'expired' : quote.status;
}

export const stateWords = (quote: Pick<Quote, 'status' | 'valid_until'>): string => STATES[statusOf(quote)][0];
export const toneOf = (quote: Pick<Quote, 'status' | 'valid_until'>): Tone => STATES[statusOf(quote)][1];

const ago = (instant: string): string => age(instant, now.value, timeZone.value);

/** What happened to a quote, the last first, each with its date. */
export function history(quote: Quote): string[] {
  const { status, decided_at, decided_by, decision_reason, viewed_at, sent_at } = quote;
  const by = decided_by ? ` by ${decided_by}` : '';
  const why = decision_reason ? `: “${decision_reason}”` : '';
  return [
    decided_at && ['accepted', 'declined'].includes(status) ? `${STATES[status][0]}${by}, ${ago(decided_at)}${why}` : '',
    status === 'withdrawn' ? `Withdrawn${why}` : '',
    viewed_at ? `Seen by the customer ${ago(viewed_at)}` : '',
    sent_at ? `Sent ${ago(sent_at)}` : '',
  ].filter(Boolean);
}

export const validWords = (until: string | undefined): string => (until ? `valid until ${dayAndMonth(until, today.value)}` : '');

const ROLES: Record<string, string> = { rep: 'a rep', manager: 'a manager', administrator: 'an administrator' };
export const roleWords = (role: string): string => ROLES[role] ?? role;
