/** The briefing for a visit: what must be known before going in. */
import { Cards } from '../briefing/cards';
import { telephone, waysToReach } from '../briefing/contact';
import type { VisitPage } from '../store/reads';
import { timeZone, today } from '../ui/clock';
import { dayInSentence, dayName, localDay, timeOfDay } from '../ui/dates';
import { directions } from '../accounts/directions';
import { Empty, Screen } from '../ui/frame';
import { Icon } from '../ui/icons';
import type { Visit } from '../store/rows';

const TODAY = { href: '/', label: 'Today' };

export function VisitScreen({ page }: { page: VisitPage | null }) {
  if (!page) {
    return (
      <Screen title="No such visit" back={TODAY}>
        <Empty title="This visit is not on this phone">
          <p>It may have been cancelled, or moved to somebody else.</p>
        </Empty>
      </Screen>
    );
  }
  const { visit, account, briefing, people } = page;
  return (
    <Screen title={account?.name ?? 'Unknown account'} sub={<Where page={page} />} back={TODAY} bar={<Actions page={page} />}>
      {visit.status === 'done' && <Outcome visit={visit} />}
      {briefing ? (
        <Cards briefing={briefing} people={people} zone={visit.time_zone} />
      ) : (
        <Empty title="No briefing yet">
          <p>It is composed on the server from tickets, usage, news and notes, and comes with the next update.</p>
        </Empty>
      )}
    </Screen>
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

function Outcome({ visit }: { visit: Visit }) {
  const parts = [
    ['Outcome', visit.outcome],
    ['Notes', visit.notes],
    ['Next step', visit.next_step],
  ].filter(([, text]) => text);
  if (parts.length === 0) return null;
  return (
    <section class="card">
      <h2>This visit</h2>
      {parts.map(([label, text]) => (
        <p key={label}>
          <b>{label}:</b> {text}
        </p>
      ))}
    </section>
  );
}

function Actions({ page: { account, attendees, visit } }: { page: VisitPage }) {
  const person = attendees.find((one) => waysToReach(one).call);
  const number = person ? waysToReach(person).call : account?.phone;
  const route = directions(account?.address);
  return (
    <>
      <a class="btn ghost" href={`/accounts/${visit.account_id}`}>
        <Icon name="accounts" />
        Account
      </a>
      {number && (
        <a class={`btn${route ? ' ghost' : ''}`} href={telephone(number)} aria-label={`Call ${person?.name ?? account?.name}`}>
          <Icon name="call" />
          Call
        </a>
      )}
      {route && (
        <a class="btn" href={route} target="_blank" rel="noopener noreferrer">
          <Icon name="directions" />
          Directions
        </a>
      )}
    </>
  );
}
