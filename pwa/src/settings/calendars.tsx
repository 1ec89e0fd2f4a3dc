/** The rep's calendars, whose events become visits; and their visits as a calendar for wherever else they look. */
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { call } from '../store/api';
import { asked } from '../store/asked';
import { phone } from '../store/state';
import { now, timeZone } from '../ui/clock';
import { age } from '../ui/dates';
import { Chips, Text } from '../ui/form';
import { Empty, Screen } from '../ui/frame';
import { Icon } from '../ui/icons';
import { say } from '../ui/said';
import { CALENDARS, readCalendars, type Calendar } from './asking';
import { Chooser } from './calendar-choices';
import { FeedCard } from './feed';
import { OnTheServer, State, Switch, Trouble, whatWentWrong } from './pieces';
import { csrf } from './subscription';

const OFFLINE = 'It cannot be reached now. Visits that were made of your calendars are on this phone all the same.';
const NEEDS_NETWORK = 'The server cannot be reached now. This needs a network.';
/** A calendar that was just added is read within moments: looked at again after these. */
const LOOKS_MS = [1_500, 4_000, 10_000];
const LARGEST = 50_000_000;

export function CalendarsScreen() {
  const calendars = useSignal<Calendar[] | null>(null);
  const trouble = useSignal('');
  const load = async () => {
    try {
      calendars.value = await readCalendars();
      trouble.value = '';
    } catch (error) {
      trouble.value = whatWentWrong(error, OFFLINE);
    }
  };
  const soon = () => {
    void load();
    for (const wait of LOOKS_MS) setTimeout(() => void load(), wait);
  };
  useEffect(() => void load(), []);
  return (
    <Screen title="Calendars" sub="Their events become visits" back={{ href: '/me', label: 'Me' }}>
      {asked.value > 0 && <AskedCard count={asked.value} />}
      {trouble.value && <OnTheServer trouble={trouble.value} again={() => void load()} />}
      {!calendars.value && !trouble.value && <Empty title="Asking the server" />}
      {calendars.value?.map((calendar) => <CalendarCard key={calendar.id} calendar={calendar} changed={soon} />)}
      {calendars.value && <AddCalendar first={calendars.value.length === 0} added={soon} />}
      {calendars.value && <FeedCard />}
    </Screen>
  );
}

export function AskedCard({ count }: { count: number }) {
  return (
    <a class="card hero talk-card" href="/me/matches">
      <span class="sign warn" aria-hidden="true">
        ?
      </span>
      <span>
        <b>Whose visit is this?</b>
        <span class="src">{count === 1 ? '1 event waits for your answer' : `${count} events wait for your answer`}</span>
      </span>
      <Icon name="next" />
    </a>
  );
}

const KINDS = { file: 'From files', url: 'By its address', caldav: 'CalDAV' } as const;

function CalendarCard({ calendar, changed }: { calendar: Calendar; changed: () => void }) {
  const asking = useSignal(false);
  const trouble = useSignal('');
  const host = calendar.url?.replace(/^\w+:\/\//, '').replace(/\/.*$/, '');
  const { id, kind, name, paused, faults, choices } = calendar;
  const choosing = choices.length > 0;
  const ask = async (path: string, method: 'POST' | 'PATCH' | 'DELETE', said: string, body?: object) => {
    trouble.value = '';
    try {
      await call(phone.env, `${CALENDARS}/${id}${path}`, { method, ...(body && { body }), ...csrf() });
      asking.value = false;
      say(said);
      changed();
      return true;
    } catch (error) {
      trouble.value = whatWentWrong(error, NEEDS_NETWORK);
      return false;
    }
  };
  /** the switch as the rep left it, until the server says how it is */
  const left = useSignal<boolean | null>(null);
  useEffect(() => void (left.value = null), [paused]);
  const keep = async (on: boolean) => {
    left.value = on;
    if (!(await ask('', 'PATCH', on ? 'Read again from now on' : 'Paused', { paused: !on }))) left.value = null;
  };
  return (
    <article class="card settings" aria-label={name || host}>
      <h2>
        {KINDS[kind]} <span>{host}</span>
      </h2>
      {name && (
        <p>
          <b>{name}</b>
        </p>
      )}
      {choosing ? (
        <Chooser choices={choices} follow={(urls) => ask(':choose', 'POST', 'Followed. It is being read', { urls })} />
      ) : (
        <HowItStands calendar={calendar} />
      )}
      {kind !== 'file' && !choosing && (
        <Switch
          label="Keep it up to date" hint={paused ? 'Paused: its visits stay as they are' : 'Read about every ten minutes'} on={left.value ?? !paused}
          onSwitch={(on) => void keep(on)}
        />
      )}
      {faults.length > 0 && (
        <details>
          <summary>
            <Icon name="next" />
            {faults.length === 1 ? '1 event could not be read' : `${faults.length} events could not be read`}
          </summary>
          <ul class="rows">
            {faults.map((fault, index) => (
              <li key={index} class="said-then">
                <b>{fault.event || 'A private event'}</b>
                <span class="why">{fault.detail}</span>
              </li>
            ))}
          </ul>
        </details>
      )}
      {asking.value ? (
        <div class="asked" role="group" aria-label="Remove this calendar?">
          <p>Doorstep reads it no more. Visits that were made of its events stay.</p>
          <div class="pair">
            <button class="btn ghost" type="button" onClick={() => (asking.value = false)}>
              Keep it
            </button>
            <button class="btn danger" type="button" onClick={() => void ask('', 'DELETE', 'Removed')}>
              Remove it
            </button>
          </div>
        </div>
      ) : (
        <div class="pair">
          {kind !== 'file' && !paused && !choosing && (
            <button class="btn ghost" type="button" onClick={() => void ask(':poll', 'POST', 'It is being read')}>
              Read now
            </button>
          )}
          <button class="btn ghost" type="button" onClick={() => (asking.value = true)}>
            Remove
          </button>
        </div>
      )}
      <Trouble text={trouble} />
    </article>
  );
}

function HowItStands({ calendar: { kind, paused, problem, last_polled_at: polled } }: { calendar: Calendar }) {
  const when = polled && age(polled, now.value, timeZone.value);
  if (problem) {
    return (
      <State sign="warn">
        <b>{problem.title}.</b> {problem.detail}
        {when && <span class="src">tried {when}</span>}
      </State>
    );
  }
  if (paused) return <State sign="info">Paused{when && `, last read ${when}`}.</State>;
  if (!when) return <State sign="info">{kind === 'file' ? 'Imported.' : 'It is read within moments.'}</State>;
  return (
    <State sign="good">
      {kind === 'file' ? 'Imported' : 'Read'} {when}.
    </State>
  );
}

type Way = 'url' | 'caldav' | 'file';
const WAYS: { value: Way; label: string }[] = [
  { value: 'url', label: 'By its address' }, { value: 'caldav', label: 'CalDAV' }, { value: 'file', label: 'A file' },
];

function AddCalendar({ first, added }: { first: boolean; added: () => void }) {
  const way = useSignal<Way>('url');
  return (
    <section class="card settings">
      <h2>{first ? 'Add your calendar' : 'Add another'}</h2>
      <p class="soft">
        An event becomes a visit when its people, place or name are surely a customer’s. What is unsure you are asked. Of
        private events only the time is kept.
      </p>
      <Chips legend="How" options={WAYS} value={way.value} onPick={(picked) => (way.value = picked ?? 'url')} />
      {way.value === 'file' ? <FromFile added={added} /> : <FromAddress key={way.value} kind={way.value} added={added} />}
    </section>
  );
}

function FromAddress({ kind, added }: { kind: 'url' | 'caldav'; added: () => void }) {
  const url = useSignal('');
  const username = useSignal('');
  const password = useSignal('');
  const trouble = useSignal('');
  const busy = useSignal(false);
  const follow = async (event: Event) => {
    event.preventDefault();
    if (!url.value.trim()) return void (trouble.value = 'Say where the calendar is.');
    busy.value = true;
    trouble.value = '';
    const secret = { ...(username.value && { username: username.value }), ...(password.value && { password: password.value }) };
    try {
      await call(phone.env, CALENDARS, { method: 'POST', body: { kind, url: url.value.trim(), ...secret }, ...csrf() });
      url.value = username.value = password.value = '';
      say('Followed. It is being read');
      added();
    } catch (error) {
      trouble.value = whatWentWrong(error, NEEDS_NETWORK);
    }
    busy.value = false;
  };
  return (
    <form class="form" noValidate onSubmit={(event) => void follow(event)}>
      <Text
        label="Address" type="url" value={url.value} onText={(text) => (url.value = text)} autocapitalize="off" spellcheck={false} maxLength={2000}
        hint={kind === 'url' ? 'Google: “Secret address in iCal format”. Outlook: “Publish calendar”, ICS. It begins with https:// or webcal://' : 'Of the calendar or its server, or your mail address there'}
      />
      {kind === 'caldav' && (
        <>
          <Text label="User name" value={username.value} onText={(text) => (username.value = text)} autocapitalize="off" spellcheck={false} maxLength={200} />
          <Password value={password.value} onText={(text) => (password.value = text)} />
        </>
      )}
      <button class="btn wide" type="submit" aria-busy={busy.value}>
        {busy.value ? 'Asking…' : 'Follow'}
      </button>
      <Trouble text={trouble} />
    </form>
  );
}

function Password({ value, onText }: { value: string; onText: (text: string) => void }) {
  return (
    <div class="field">
      <label for="calendar-password">Password</label>
      <input
        id="calendar-password" type="password" value={value} autocomplete="off" maxLength={500} aria-describedby="calendar-password-below"
        onInput={(event) => onText(event.currentTarget.value)}
      />
      <span id="calendar-password-below" class="src">
        Best one made for apps. It is kept sealed and never shown.
      </span>
    </div>
  );
}

function FromFile({ added }: { added: () => void }) {
  const trouble = useSignal('');
  const busy = useSignal(false);
  const take = async (input: HTMLInputElement) => {
    const file = input.files?.[0];
    if (!file) return;
    input.value = '';
    if (file.size > LARGEST) return void (trouble.value = 'This file is too large to be a calendar.');
    busy.value = true;
    trouble.value = '';
    try {
      const body = new Uint8Array(await file.arrayBuffer());
      await call(phone.env, `${CALENDARS}:import`, { method: 'POST', body, type: 'text/calendar', timeoutMs: 120_000, ...csrf() });
      say('Imported');
      added();
    } catch (error) {
      trouble.value = whatWentWrong(error, NEEDS_NETWORK);
    }
    busy.value = false;
  };
  return (
    <>
      <label class="btn wide filepick" aria-busy={busy.value}>
        {busy.value ? 'Reading…' : 'Choose a file (.ics)'}
        <input type="file" accept=".ics,text/calendar" onChange={(event) => void take(event.currentTarget)} />
      </label>
      <Trouble text={trouble} />
    </>
  );
}
