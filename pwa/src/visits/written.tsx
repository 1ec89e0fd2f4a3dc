/** What was written at an account or a visit: notes, the newest first, and the way into the thread. */
import type { Database } from '../store/database';
import type { Attachment, CustomerPromise, Message, Note } from '../store/rows';
import { now, timeZone } from '../ui/clock';
import { age } from '../ui/dates';
import { Icon } from '../ui/icons';
import { Unsent } from '../outbox/marks';
import { inOrder } from '../talk/reads';
import { isUnread } from '../talk/seen';

export interface Written {
  notes: Note[];
  messages: Message[];
  attachments: Attachment[];
  promises: CustomerPromise[];
}

/** All of an account, or of one visit at it. */
export async function readWritten(db: Database, accountId: string, visitId?: string): Promise<Written> {
  const [notes, messages, attachments, promises] = await Promise.all([
    db.getAllFromIndex('note', 'account_id', accountId),
    db.getAllFromIndex('message', 'account_id', accountId),
    db.getAllFromIndex('attachment', 'account_id', accountId),
    db.getAllFromIndex('promise', 'account_id', accountId),
  ]);
  const here = <T extends { visit_id?: string }>(rows: T[]): T[] => (visitId ? rows.filter((one) => one.visit_id === visitId) : rows);
  return {
    notes: here(notes).sort((a, b) => b.written_at.localeCompare(a.written_at)),
    messages: inOrder(here(messages)),
    attachments: here(attachments).sort((a, b) => (b.taken_at ?? '').localeCompare(a.taken_at ?? '')),
    promises: here(promises),
  };
}

export function Notes({ notes }: { notes: Note[] }) {
  if (notes.length === 0) return null;
  return (
    <section class="card">
      <h2>
        Notes <span>{notes.length}</span>
      </h2>
      <ul class="rows">
        {notes.map((note) => (
          <li key={note.id} class="said-then">
            <p class="prose">{note.text}</p>
            <span class="src">
              {note.author}, {age(note.written_at, now.value, timeZone.value)} <Unsent type="note" id={note.id} />
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** The thread in one line: the last thing said, and how much of it is new. */
export function TalkCard({ href, messages }: { href: string; messages: Message[] }) {
  const last = messages.at(-1);
  const fresh = messages.filter(isUnread).length;
  return (
    <a class="card talk-card" href={href}>
      <span class="sign info" aria-hidden="true">
        <Icon name="talk" />
      </span>
      <span>
        <b>Talk</b> {fresh > 0 && <span class="count">{fresh} new</span>}
        <span class="src">{last ? `${last.author}: ${last.text}` : 'Write to colleagues about it'}</span>
      </span>
      <Icon name="next" />
    </a>
  );
}
