/** The briefing for a visit: what must be known before going in. */
import { useSignal } from '@preact/signals';
import { PromiseRow } from '../accounts/promises';
import { Cards } from '../briefing/cards';
import { telephone, waysToReach } from '../briefing/contact';
import type { VisitPage } from '../store/reads';
import { session } from '../store/state';
import { timeZone, today } from '../ui/clock';
import { dayInSentence, dayName, localDay, timeOfDay } from '../ui/dates';
import { directions } from '../accounts/directions';
import { Empty, Screen } from '../ui/frame';
import { Icon } from '../ui/icons';
import { save, write } from '../ui/save';
import { Unsent } from '../outbox/marks';
import type { CustomerPromise, Person, Visit } from '../store/rows';
import { isUnread } from '../talk/seen';
import { Attachments } from './attachments';
import { Notes, TalkCard, type Written } from './written';

const TODAY = { href: '/', label: 'Today' };

export interface VisitRows extends VisitPage {
  written: Written;
}

export function VisitScreen({ page }: { page: VisitRows | null }) {
  if (!page) {
    return (
      <Screen title="No such visit" back={TODAY}>
        <Empty title="This visit is not on this phone">
          <p>It may have been cancelled, or moved to somebody else.</p>
        </Empty>
      </Screen>
    );
  }
  const { visit, account, briefing, people, written } = page;
  const talk = <TalkCard href={`/visits/${visit.id}/talk`} messages={written.messages} />;
  const fresh = written.messages.some(isUnread); // what is new comes first, else what must be known before going in
  const after = (
    <>
      {!fresh && talk}
      {visit.status === 'planned' && mayChange(visit) && <ChangeVisit visit={visit} />}
    </>
  );
  return (
    <Screen title={account?.name ?? 'Unknown account'} sub={<Where page={page} />} back={TODAY} bar={<Actions page={page} />}>
      {visit.status === 'cancelled' && <p class="note">This visit was cancelled.</p>}
      {visit.status === 'done' && <Outcome visit={visit} people={people} />}
      <Promised promises={written.promises} people={people} />
      <Notes notes={written.notes} />
      <Attachments attachments={written.attachments} />
      {fresh && talk}
      {briefing ? (
        <Cards briefing={briefing} people={people} zone={visit.time_zone}>
          {after}
        </Cards>
      ) : (
        <>
          <Empty title="No briefing yet">
            <p>It is composed on the server from tickets, usage, news and notes, and comes with the next update.</p>
          </Empty>
          {after}
        </>
      )}
    </Screen>
  );
}

/** A colleague's visit is theirs to move and report, or their manager's. */
function mayChange(visit: Visit): boolean {
  const me = session.value?.user;
  return !me || me.role !== 'rep' || (visit.user_id ?? me.id) === me.id;
}

/** What was promised at this visit and is still open. */
function Promised({ promises, people }: { promises: CustomerPromise[]; people: Person[] }) {
  const open = promises.filter((one) => one.status === 'open');
  if (open.length === 0) return null;
  return (
    <section class="card">
      <h2>Promised at this visit</h2>
      <ul class="rows">
        {open.map((one) => (
          <PromiseRow key={one.id} promise={one} person={people.find(({ id }) => id === one.person_id)} />
        ))}
      </ul>
    </section>
  );
}

function ChangeVisit({ visit }: { visit: Visit }) {
  const asking = useSignal(false);
  const cancel = async () => {
    await save([write('visit.cancel', { id: visit.id })], 'Cancelled. Saved on this phone');
  };
  return (
    <section class="card" aria-label="Change this visit">
      <h2>Change this visit</h2>
      {asking.value ? (
        <div class="asked" role="group" aria-label="Cancel this visit?">
          <p>Cancel this visit? The customer is not told by Doorstep.</p>
          <div class="pair">
            <button class="btn ghost" type="button" onClick={() => (asking.value = false)}>
              Keep it
            </button>
            <button class="btn danger" type="button" onClick={() => void cancel()}>
              Cancel it
            </button>
          </div>
        </div>
      ) : (
        <div class="pair">
          <a class="btn ghost" href={`/visits/${visit.id}/move`}>
            Move
          </a>
          <button class="btn ghost" type="button" onClick={() => (asking.value = true)}>
            Cancel visit
          </button>
        </div>
      )}
    </section>
  );
}

function Where({ page: { visit, attendees, lastMet } }: { page: VisitPage }) {
  const start = new Date(visit.starts_at);
  const day = localDay(start, visit.time_zone);
  const time = timeOfDay(start, visit.time_zone);
  const parts = [
    day === today.value ? time : `${dayName(day, today.value)} ${time}`,
    attendees.map((person) => person.name).join(', '),
    visit.place,
    lastMet && `last met ${dayInSentence(localDay(new Date(lastMet.starts_at), lastMet.time_zone), today.value)}`,
  ];
  return (
    <>
      {parts.filter(Boolean).join(' · ')}
      {otherTime(visit)}
    </>
  );
}

/** A visit in another time zone than the rep's says so. */
function otherTime(visit: Visit): string {
  const here = timeZone.value;
  const start = new Date(visit.starts_at);
  const same = timeOfDay(start, here) === timeOfDay(start, visit.time_zone);
  return same ? '' : ` · ${visit.time_zone.split('/').at(-1)?.replaceAll('_', ' ')} time`;
}

function Outcome({ visit, people }: { visit: Visit; people: Person[] }) {
  const there = (visit.attendee_ids ?? []).flatMap((id) => people.find((one) => one.id === id)?.name ?? []);
  const parts = [
    ['Outcome', visit.outcome],
    ['With', there.join(', ')],
    ['Notes', visit.notes],
    ['Next step', visit.next_step],
  ].filter(([, text]) => text);
  return (
    <section class="card">
      <h2>
        This visit <Unsent type="visit" id={visit.id} />
      </h2>
      {parts.length === 0 && <p class="soft">Done. Nothing more was written down.</p>}
      {parts.map(([label, text]) => (
        <p key={label} class="prose">
          <b>{label}:</b> {text}
        </p>
      ))}
    </section>
  );
}

/** What ends this screen: the visit is logged, or something is added to it. */
function Actions({ page: { account, attendees, visit } }: { page: VisitPage }) {
  const person = attendees.find((one) => waysToReach(one).call);
  const number = person ? waysToReach(person).call : account?.phone;
  const route = directions(account?.address);
  return (
    <div class="ways">
      <a class="round" href={`/accounts/${visit.account_id}`} aria-label="Account">
        <Icon name="accounts" />
      </a>
      {number && (
        <a class="round" href={telephone(number)} aria-label={`Call ${person?.name ?? account?.name}`}>
          <Icon name="call" />
        </a>
      )}
      {route && (
        <a class="round" href={route} target="_blank" rel="noopener noreferrer" aria-label="Directions">
          <Icon name="directions" />
        </a>
      )}
      {visit.status === 'done' || !mayChange(visit) ? (
        <a class="btn" href={`/accounts/${visit.account_id}/note?visit=${visit.id}`}>
          Add a note
        </a>
      ) : (
        <a class="btn" href={`/visits/${visit.id}/log`}>
          Log visit
        </a>
      )}
      <a class="btn ghost" href={`/accounts/${visit.account_id}/quote?visit=${visit.id}`}>
        Quote
      </a>
    </div>
  );
}
