/** Today: the visits in order, each with the one line that matters, and what was promised. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { showLine } from '../briefing/text';
import { ClaimAndWhy, evidenceOf, SignOf, SourceOf } from '../briefing/lines';
import type { VisitCard } from '../store/reads';
import { asked, stuck } from '../store/asked';
import { asOf, phoneState, refusal } from '../store/sync';
import { now, timeZone, today } from '../ui/clock';
import { age, dayDistance, dayInSentence, dayName, duration, localDay, moment, shortDay, timeOfDay, weekday } from '../ui/dates';
import { useFold, whenIdle } from '../ui/fold';
import { place } from '../ui/router';
import { PromiseRow } from '../accounts/promises';
import { Unsent } from '../outbox/marks';
import { isUnread } from '../talk/seen';
import { storedLater, storedVisit, type Mention, type TodayRows } from './agenda';
import { Empty, Screen } from '../ui/frame';
import { Icon } from '../ui/icons';
import { Menu } from '../ui/menu';
import type { IsoDate } from '../store/rows';

export function Today({ agenda, userId }: { agenda: TodayRows; userId: string }) {
  const todays = agenda.visits;
  useReadAhead(todays);
  const later = useLater(userId, todays.length < 3);
  return (
    <Screen title={weekday(today.value)} sub={summary(todays)} action={<WriteButton visits={todays} />}>
      <h2 class="unseen">Visits of the day</h2>
      {!asOf.value ? <FirstTime /> : todays.length === 0 && later && <FreeDay next={later[0]} />}
      {todays.map((card) => (
        <VisitCardLink key={card.visit.id} card={card} hero={card === nextOf(todays)} />
      ))}
      <CalendarsWant />
      {agenda.mentions.length > 0 && <Mentions mentions={agenda.mentions} />}
      {agenda.promises.length > 0 && <PromisesDue promises={agenda.promises} />}
      {later && <LaterDays days={later} seen={todays.length < 3} />}
    </Screen>
  );
}

/** The briefings of the day are read while the rep looks at the list, so that a tap only has to draw. */
function useReadAhead(cards: VisitCard[]): void {
  const ids = cards.map((card) => card.visit.id).join();
  useEffect(() => {
    for (const id of ids.split(',').filter(Boolean)) storedVisit(id);
  }, [ids]);
}

/** The days to come: read at once where today leaves room for them on the screen or was read before, else when idle. */
function useLater(userId: string, seen: boolean): [IsoDate, VisitCard[]][] | undefined {
  const [asked, ask] = useState(seen || place.peek().returning);
  useEffect(() => (asked ? undefined : whenIdle(() => ask(true))), [asked]);
  const cards = asked ? storedLater(userId).value : undefined;
  return cards && [...byDay(cards)];
}

/** Visits under the calendar day on which they start, where they take place. */
function byDay(cards: VisitCard[]): Map<IsoDate, VisitCard[]> {
  const days = new Map<IsoDate, VisitCard[]>();
  for (const card of cards) {
    const day = localDay(new Date(card.visit.starts_at), card.visit.time_zone);
    days.set(day, [...(days.get(day) ?? []), card]);
  }
  return days;
}

const nextOf = (cards: VisitCard[]): VisitCard | undefined =>
  cards.find(({ visit }) => visit.status === 'planned' && Date.parse(visit.ends_at) > now.value.getTime());

function summary(todays: VisitCard[]): string | null {
  if (!asOf.value) return null;
  const count = todays.length === 0 ? 'No visits' : todays.length === 1 ? '1 visit' : `${todays.length} visits`;
  const next = nextOf(todays);
  const first = next && countdown(next);
  const label = next === todays[0] ? 'first' : 'next';
  const when = first && (first === 'now' ? 'one now' : first.startsWith('in ') ? `${label} ${first}` : null);
  return [count, when, `figures as of ${moment(asOf.value, now.value, timeZone.value)}`].filter(Boolean).join(' · ');
}

/** in 52 min · now · ended · done */
function countdown({ visit }: VisitCard): string {
  if (visit.status === 'done') return 'done';
  const at = now.value.getTime();
  const start = Date.parse(visit.starts_at);
  if (start > at) return `in ${duration(start - at)}`;
  return Date.parse(visit.ends_at) > at ? 'now' : 'ended';
}

function FirstTime() {
  if (phoneState.value === 'offline') {
    return (
      <Empty title="Nothing on this phone yet">
        <p>The server could not be reached. Your visits are fetched as soon as it can.</p>
      </Empty>
    );
  }
  if (phoneState.value === 'refused') {
    return (
      <Empty title="The server refused">
        <p>{refusal.value}</p>
      </Empty>
    );
  }
  return (
    <Empty title="Fetching your customers">
      <p>Once. From then on they are on this phone, with or without a network.</p>
    </Empty>
  );
}

function FreeDay({ next }: { next: [IsoDate, VisitCard[]] | undefined }) {
  const first = next?.[1][0];
  return (
    <Empty title="No visits today">
      {next && first ? (
        <p>
          Next: {first.account?.name ?? 'a customer'}, {dayInSentence(next[0], today.value)} at{' '}
          {timeOfDay(new Date(first.visit.starts_at), first.visit.time_zone)}.
        </p>
      ) : (
        <p>None planned in the next two weeks either. Every account can be read under Accounts.</p>
      )}
    </Empty>
  );
}

/** The days to come: drawn at once only where today leaves room for them on the screen. */
function LaterDays({ days, seen }: { days: [IsoDate, VisitCard[]][]; seen: boolean }) {
  const drawn = useFold(days, seen ? 2 : 0);
  return (
    <>
      {drawn.map(([day, cards]) => (
        <Day key={day} day={day} cards={cards} />
      ))}
    </>
  );
}

function Day({ day, cards }: { day: IsoDate; cards: VisitCard[] }) {
  const name = dayName(day, today.value);
  return (
    <>
      <h2 class="group">
        {name}
        {dayDistance(today.value, day) <= 6 && <span>{shortDay(day)}</span>}
      </h2>
      {cards.map((card) => (
        <VisitCardLink key={card.visit.id} card={card} />
      ))}
    </>
  );
}

function VisitCardLink({ card, hero = false }: { card: VisitCard; hero?: boolean }) {
  const { visit, account, attendees } = card;
  const isToday = localDay(new Date(visit.starts_at), visit.time_zone) === today.value;
  const [first, ...others] = attendees;
  const who = first && [first.name, first.title].filter(Boolean).join(', ');
  return (
    <a class={`card${hero ? ' hero' : ''}`} href={`/visits/${visit.id}`}>
      <div class="visit-head">
        <time dateTime={visit.starts_at}>
          {timeOfDay(new Date(visit.starts_at), visit.time_zone)}
          <small>{isToday ? countdown(card) : duration(Date.parse(visit.ends_at) - Date.parse(visit.starts_at))}</small>
        </time>
        <div>
          <h3>
            {account?.name ?? 'Unknown account'} <Unsent type="visit" id={visit.id} />
          </h3>
          <p>{[who && others.length > 0 ? `${who} +${others.length}` : who, visit.place].filter(Boolean).join(' · ')}</p>
        </div>
      </div>
      <Matters card={card} />
    </a>
  );
}

/** The one line that matters, and how much more there is to know. */
function Matters({ card: { briefing, visit } }: { card: VisitCard }) {
  const lines = briefing?.cards.find((one) => one.kind === 'before')?.lines ?? [];
  const shown = lines[0] && showLine(lines[0], now.value, visit.time_zone);
  if (!briefing || !lines[0] || !shown) {
    return visit.purpose ? <p class="matters-none soft">{visit.purpose}</p> : null;
  }
  const more = lines.length - 1;
  return (
    <div class="matters">
      <SignOf spec={shown.spec} />
      <div>
        <p>
          <ClaimAndWhy text={shown} />
        </p>
        {more > 0 ? (
          <span class="src">
            {more} more {more === 1 ? 'thing' : 'things'} to know
          </span>
        ) : (
          <SourceOf evidence={evidenceOf(briefing, lines[0])} claim={shown.claim} zone={visit.time_zone} />
        )}
      </div>
    </div>
  );
}

function PromisesDue({ promises }: { promises: TodayRows['promises'] }) {
  return (
    <section class="card">
      <h2>
        Promises due <span>{promises.length}</span>
      </h2>
      <ul class="rows">
        {promises.map(({ promise, account, person }) => (
          <PromiseRow key={promise.id} promise={promise} person={person} about={account?.name} />
        ))}
      </ul>
    </section>
  );
}

/**
 * Events that wait for an answer, and a calendar that is not read: what was known as Today was opened. What is learned since
 * comes while its place is further down than can be seen, or at the next opening: nothing moves under a thumb.
 */
function CalendarsWant() {
  const place = useRef<HTMLDivElement>(null);
  const [shown, show] = useState({ asked: asked.peek(), stuck: stuck.peek() });
  const news = asked.value !== shown.asked || stuck.value !== shown.stuck;
  useEffect(() => {
    if (!news) return undefined;
    const watch = new IntersectionObserver(([at]) => {
      if (at && !at.isIntersecting && at.boundingClientRect.top > 0) show({ asked: asked.value, stuck: stuck.value });
    });
    if (place.current) watch.observe(place.current);
    return () => watch.disconnect();
  }, [news]);
  return (
    <div class="calm" ref={place}>
      {shown.asked > 0 && <ToDo href="/me/matches" sign="?" what="Whose visit is this?" of={`${shown.asked} in your calendars`} />}
      {shown.stuck && <ToDo href="/me/calendars" sign="!" what="A calendar is not read" of={shown.stuck} />}
    </div>
  );
}

function ToDo({ href, sign, what, of }: { href: string; sign: string; what: string; of: string }) {
  return (
    <a class="card talk-card" href={href}>
      <span class="sign warn" aria-hidden="true">
        {sign}
      </span>
      <span>
        <b>{what}</b>
        <span class="src">{of}</span>
      </span>
      <Icon name="next" />
    </a>
  );
}

/** What colleagues wrote to this rep and they have not seen yet. */
function Mentions({ mentions }: { mentions: Mention[] }) {
  const unread = mentions.filter(({ message }) => isUnread(message));
  if (unread.length === 0) return null;
  return (
    <section class="card">
      <h2>
        Written to you <span>{unread.length}</span>
      </h2>
      <ul class="rows">
        {unread.map(({ message, account }) => (
          <li key={message.id}>
            <a class="row" href={message.visit_id ? `/visits/${message.visit_id}/talk` : `/accounts/${message.account_id}/talk`}>
              <SignOf spec={{ card: 'talk', sign: 'info', icon: '@' }} />
              <span>
                <b>{message.author}:</b> {message.text}
                <span class="src">{[account?.name, age(message.written_at, now.value, timeZone.value)].filter(Boolean).join(' · ')}</span>
              </span>
            </a>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** The large one: log the visit that was, walk in, plan. */
function WriteButton({ visits }: { visits: VisitCard[] }) {
  const at = now.value.getTime();
  const open = visits.filter(({ visit }) => visit.status === 'planned');
  const begun = open.filter(({ visit }) => Date.parse(visit.starts_at) <= at).reverse();
  const ahead = open.filter(({ visit }) => Date.parse(visit.starts_at) > at);
  const when = ({ visit }: VisitCard) => timeOfDay(new Date(visit.starts_at), visit.time_zone);
  return (
    <Menu
      label="Log a visit" icon="write" title="What do you want to write down?"
      entries={[
        ...[...begun, ...ahead].map((card) => ({ href: `/visits/${card.visit.id}/log`, label: `Log ${card.account?.name ?? 'visit'}`, detail: `visit of ${when(card)}` })),
        { href: '/choose/walk-in', label: 'Log a walk-in', detail: 'a visit that was not planned' },
        { href: '/choose/plan', label: 'Plan a visit', detail: 'any account' },
        { href: '/choose/note', label: 'Write a note', detail: 'about any account' },
      ]}
    />
  );
}
