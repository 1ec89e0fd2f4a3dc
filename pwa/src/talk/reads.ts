/** What threads read. */
import type { Database } from '../store/database';
import type { Account, Attachment, Briefing, Colleague, Message, Visit } from '../store/rows';

export interface Thread {
  account: Account;
  /** null for the thread of the account, which also shows what was written at its visits */
  visit: Visit | null;
  messages: Message[];
  colleagues: Colleague[];
  attachments: ReadonlyMap<string, Attachment>;
  visits: ReadonlyMap<string, Visit>;
  briefing: Briefing | undefined;
}

export const inOrder = (messages: Message[]): Message[] =>
  [...messages].sort((a, b) => a.written_at.localeCompare(b.written_at) || a.id.localeCompare(b.id));

/** When a message is written that comes after all of these, which its author has read: also if the phone's clock is behind. */
export function writtenAfter(messages: readonly Message[], now: Date): Date {
  const last = messages.at(-1);
  return new Date(Math.max(now.getTime(), last ? Date.parse(last.written_at) + 1 : 0));
}

export async function readThread(db: Database, accountId: string, visitId: string | null): Promise<Thread | null> {
  const [account, messages, colleagues, attachments, visits, briefings] = await Promise.all([
    db.get('account', accountId),
    db.getAllFromIndex('message', 'account_id', accountId),
    db.getAll('colleague'),
    db.getAllFromIndex('attachment', 'account_id', accountId),
    db.getAllFromIndex('visit', 'account_id', accountId),
    db.getAllFromIndex('briefing', 'account_id', accountId),
  ]);
  if (!account) return null;
  return {
    account,
    visit: visits.find((one) => one.id === visitId) ?? null,
    messages: inOrder(visitId ? messages.filter((one) => one.visit_id === visitId) : messages),
    colleagues: colleagues.sort((a, b) => a.name.localeCompare(b.name)),
    attachments: new Map(attachments.map((one) => [one.id, one])),
    visits: new Map(visits.map((one) => [one.id, one])),
    briefing: briefings.find((one) => visitId && one.visit_id === visitId) ?? briefings.find((one) => !one.visit_id),
  };
}

export async function readVisitThread(db: Database, visitId: string): Promise<Thread | null> {
  const visit = await db.get('visit', visitId);
  return visit ? readThread(db, visit.account_id, visitId) : null;
}
