/** Events of which Doorstep is not sure whose they are. One tap each; what is answered holds for the whole series. */
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { call } from '../store/api';
import { asked } from '../store/asked';
import type { Account } from '../store/rows';
import { database, phone } from '../store/state';
import { today } from '../ui/clock';
import { dayName, localDay, timeOfDay } from '../ui/dates';
import { Text } from '../ui/form';
import { Empty, Screen } from '../ui/frame';
import { say } from '../ui/said';
import { OnTheServer, Trouble, whatWentWrong } from './pieces';
import { csrf } from './subscription';

type ReasonKind = 'attendee' | 'former_attendee' | 'domain' | 'place' | 'name';

interface Named {
  account_id: string;
  account_name: string;
}

interface Candidate extends Named {
  reasons: { kind: ReasonKind; value: string }[];
}

interface CalendarEvent {
  id: string;
  series: boolean;
  starts_at: string;
  ends_at: string;
  time_zone: string;
  all_day: boolean;
  summary: string;
  place: string;
  attendees: { email: string; name: string | null }[];
  candidates: Candidate[];
}

const EVENTS = '/api/v1/calendar-events';
const OFFLINE = 'It cannot be reached now. The events wait for you.';

export function MatchesScreen() {
  const events = useSignal<CalendarEvent[] | null>(null);
  const trouble = useSignal('');
  const load = async () => {
    try {
      events.value = (await call<{ data: CalendarEvent[] }>(phone.env, `${EVENTS}?match=asked`)).data;
      asked.value = events.value.length;
      trouble.value = '';
    } catch (error) {
      trouble.value = whatWentWrong(error, OFFLINE);
    }
  };
  useEffect(() => void load(), []);
  const done = (id: string) => {
    events.value = events.value?.filter((one) => one.id !== id) ?? null;
    asked.value = events.value?.length ?? 0;
    void phone.syncNow(true); // the visit comes to this phone
  };
  return (
    <Screen title="Whose visit is this?" sub="Your answer holds for the whole series" back={{ href: '/', label: 'Today' }}>
      {trouble.value && <OnTheServer trouble={trouble.value} again={() => void load()} />}
      {!events.value && !trouble.value && <Empty title="Asking the server" />}
      {events.value?.length === 0 && (
        <Empty title="Nothing is unsure">
          <p>Every event of your calendars is a visit, or is none.</p>
          <a class="btn ghost" href="/me/calendars">
            Your calendars
          </a>
        </Empty>
      )}
      {events.value?.map((event) => <EventCard key={event.id} event={event} done={done} />)}
    </Screen>
  );
}

function EventCard({ event, done }: { event: CalendarEvent; done: (id: string) => void }) {
  const trouble = useSignal('');
  const answer = async (account: Named | null) => {
    trouble.value = '';
    try {
      await call(phone.env, `${EVENTS}/${event.id}:match`, { method: 'POST', body: { account_id: account?.account_id ?? null }, ...csrf() });
      say(account ? `A visit at ${account.account_name}` : 'No visit');
      done(event.id);
    } catch (error) {
      trouble.value = whatWentWrong(error, 'The server cannot be reached now. Answering needs a network.');
    }
  };
  const people = event.attendees.map(({ name, email }) => name ?? email).join(', ');
  return (
    <article class="card" aria-label={event.summary}>
      <h2>
        {when(event)} {event.series && <span>recurring</span>}
      </h2>
      <p>
        <b>{event.summary || 'An event without a name'}</b>
      </p>
      {event.place && <p class="soft">{event.place}</p>}
      {people && <p class="soft">{people}</p>}
      <div class="candidates" role="group" aria-label={`Whose is ${event.summary}?`}>
        {event.candidates.map((candidate) => (
          <button key={candidate.account_id} class="candidate" type="button" onClick={() => void answer(candidate)}>
            <b>{candidate.account_name}</b>
            <span class="src">{candidate.reasons.map(inWords).join(' · ')}</span>
          </button>
        ))}
        <Another without={event.candidates} pick={(account) => void answer(account)} />
        <button class="candidate none" type="button" onClick={() => void answer(null)}>
          It is no visit
        </button>
      </div>
      <Trouble text={trouble} />
    </article>
  );
}

const MOST_FOUND = 5;

/** A customer of whom nothing in the event says so: found by name among those on this phone. */
function Another({ without, pick }: { without: Candidate[]; pick: (account: Named) => void }) {
  const accounts = useSignal<Account[] | null>(null);
  const words = useSignal('');
  const open = async () => (accounts.value = (await database.peek()?.getAll('account')) ?? []);
  if (!accounts.value) {
    return (
      <button class="candidate none" type="button" onClick={() => void open()}>
        Another customer
      </button>
    );
  }
  const wanted = words.value.trim().toLowerCase();
  const fits = ({ id, name }: Account) => name.toLowerCase().includes(wanted) && !without.some(({ account_id }) => account_id === id);
  const found = wanted ? accounts.value.filter(fits).slice(0, MOST_FOUND) : [];
  return (
    <div class="inset">
      <Text label="Another customer" value={words.value} onText={(text) => (words.value = text)} placeholder="Part of the name" />
      {found.map(({ id, name }) => (
        <button key={id} class="candidate" type="button" onClick={() => pick({ account_id: id, account_name: name })}>
          <b>{name}</b>
        </button>
      ))}
      {wanted && found.length === 0 && <p class="soft">No other customer of yours has this in its name.</p>}
    </div>
  );
}

function when({ starts_at, ends_at, time_zone, all_day }: CalendarEvent): string {
  const [start, end] = [new Date(starts_at), new Date(ends_at)];
  const day = dayName(localDay(start, time_zone), today.value);
  return all_day ? `${day}, all day` : `${day} ${timeOfDay(start, time_zone)}–${timeOfDay(end, time_zone)}`;
}

const REASONS: Record<ReasonKind, (value: string) => string> = {
  attendee: (value) => `${value} works there`,
  former_attendee: (value) => `${value} worked there`,
  domain: (value) => `${value} is theirs`,
  place: (value) => `they are at ${value}`,
  name: (value) => `it says “${value}”`,
};

const inWords = ({ kind, value }: { kind: ReasonKind; value: string }): string => (REASONS[kind] ?? String)(value);
