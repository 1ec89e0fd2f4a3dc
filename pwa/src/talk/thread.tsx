/** A thread: what colleagues say to each other about an account or a visit, with what it is about attached. */
import { useEffect, useLayoutEffect, useState } from 'preact/hooks';
import { SignOf } from '../briefing/lines';
import { kindSpec } from '../briefing/text';
import type { Attached, Message } from '../store/rows';
import { session } from '../store/state';
import { timeZone, today } from '../ui/clock';
import { dayInSentence, dayName, localDay, timeOfDay } from '../ui/dates';
import { Empty, Screen } from '../ui/frame';
import { place } from '../ui/router';
import type { Typed } from '../ui/typed';
import { AttachmentTile } from '../visits/attachments';
import { Unsent } from '../outbox/marks';
import { Composer, type MessageDraft } from './composer';
import { inPieces } from './mentions';
import type { Thread } from './reads';
import { isUnread, markSeen } from './seen';

interface ThreadProps {
  thread: Thread | null;
  path: string;
  typed: Typed<MessageDraft> | null;
}

export function ThreadScreen({ thread, path, typed }: ThreadProps) {
  if (!thread) {
    return (
      <Screen title="No such thread" back={{ href: '/', label: 'Today' }}>
        <Empty title="This account is not on this phone">
          <p>It may have moved to another territory.</p>
        </Empty>
      </Screen>
    );
  }
  return <Filled thread={thread} path={path} typed={typed} />;
}

function Filled({ thread, path, typed }: { thread: Thread; path: string; typed: Typed<MessageDraft> | null }) {
  const { account, visit, messages } = thread;
  const firstNew = useFirstUnread(messages);
  useEndInView(messages.length);
  const back = visit ? { href: `/visits/${visit.id}`, label: account.name } : { href: `/accounts/${account.id}`, label: account.name };
  const days = byDay(messages);
  return (
    <Screen title="Talk" sub={subtitle(thread)} back={back} bar={<Composer thread={thread} path={path} typed={typed} />} tallBar>
      {messages.length === 0 ? (
        <Empty title="Nobody has written here yet">
          <p>Colleagues who share {account.name} read what is written here. The customer never does.</p>
        </Empty>
      ) : (
        days.map(([day, all]) => (
          <section key={day} class="talk" aria-label={dayName(day, today.value)}>
            <h2 class="group">{dayName(day, today.value)}</h2>
            <ol>
              {all.map((message) => (
                <MessageItem key={message.id} message={message} thread={thread} isFirstNew={message.id === firstNew} />
              ))}
            </ol>
          </section>
        ))
      )}
    </Screen>
  );
}

function subtitle({ account, visit }: Thread): string {
  if (!visit) return account.name;
  const start = new Date(visit.starts_at);
  return `${account.name} · visit of ${dayInSentence(localDay(start, visit.time_zone), today.value)} ${timeOfDay(start, visit.time_zone)}`;
}

/** Where the new ones began when the rep came; they are seen from then on. */
function useFirstUnread(messages: Message[]): string | undefined {
  const [first, setFirst] = useState(() => messages.find(isUnread)?.id);
  const unread = messages.some(isUnread);
  useEffect(() => {
    if (!unread || document.visibilityState !== 'visible') return;
    setFirst((known) => known ?? messages.find(isUnread)?.id);
    void markSeen(messages);
  }, [unread, messages]);
  return first;
}

/** A thread is read from its end. */
function useEndInView(count: number): void {
  useLayoutEffect(() => {
    if (!place.peek().returning) scrollTo(0, document.documentElement.scrollHeight);
  }, [count]);
}

function byDay(messages: Message[]): [string, Message[]][] {
  const days = new Map<string, Message[]>();
  for (const one of messages) {
    const day = localDay(new Date(one.written_at), timeZone.value);
    days.set(day, [...(days.get(day) ?? []), one]);
  }
  return [...days];
}

function MessageItem({ message, thread, isFirstNew }: { message: Message; thread: Thread; isFirstNew: boolean }) {
  const me = session.value?.user;
  const mine = message.user_id === me?.id;
  const forMe = me && message.mentions?.includes(me.id);
  const names = [...thread.colleagues.map((one) => one.name), ...(me ? [me.name] : [])];
  const visit = !thread.visit && message.visit_id ? thread.visits.get(message.visit_id) : undefined;
  return (
    <li class={`message${mine ? ' mine' : ''}${forMe ? ' for-me' : ''}`}>
      {isFirstNew && <p class="new-from">New</p>}
      <article aria-label={`${mine ? 'You' : message.author}, ${timeOfDay(new Date(message.written_at), timeZone.value)}`}>
        <header class="src">
          <b>{mine ? 'You' : message.author}</b> · {timeOfDay(new Date(message.written_at), timeZone.value)}{' '}
          <Unsent type="message" id={message.id} />
        </header>
        {visit && (
          <a class="about" href={`/visits/${visit.id}/talk`}>
            Visit of {dayInSentence(localDay(new Date(visit.starts_at), visit.time_zone), today.value)}
          </a>
        )}
        <p class="prose">
          {inPieces(message.text, names).map((piece, index) => (piece.name ? <b key={index} class="at">{piece.text}</b> : piece.text))}
        </p>
        {message.attached?.map((one, index) => <AttachedItem key={index} attached={one} thread={thread} />)}
      </article>
    </li>
  );
}

function AttachedItem({ attached, thread }: { attached: Attached; thread: Thread }) {
  if (attached.kind === 'attachment') {
    return <AttachmentTile attachment={thread.attachments.get(attached.id)} />;
  }
  return (
    <div class="quoted">
      <SignOf spec={kindSpec(attached.line.kind)} />
      <span>
        {attached.label}
        <span class="src">from the briefing</span>
      </span>
    </div>
  );
}
