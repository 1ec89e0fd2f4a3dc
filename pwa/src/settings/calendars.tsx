/** The rep's calendars, whose events become visits; and their visits as a calendar for wherever else they look. */
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { call } from '../store/api';
import { asked } from '../store/asked';
import { phone } from '../store/state';
import { now, timeZone } from '../ui/clock';
import { age } from '../ui/dates';
import { Empty, Screen } from '../ui/frame';
import { Icon } from '../ui/icons';
import { say } from '../ui/said';
import { CALENDARS, readCalendars, type Calendar } from './asking';
import { AddCalendar, NEEDS_NETWORK, SignInAgain } from './calendar-adding';
import { Chooser } from './calendar-choices';
import { FeedCard } from './feed';
import { OnTheServer, State, Switch, Trouble, whatWentWrong } from './pieces';
import { csrf } from './subscription';

const OFFLINE = 'It cannot be reached now. Visits that were made of your calendars are on this phone all the same.';
/** A calendar that was just added is read within moments: looked at again after these. */
const LOOKS_MS = [1_500, 4_000, 10_000];

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

/** What another password helps against. */
const LOCKED = /\/calendar-forbidden$/;

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
      {kind !== 'file' && LOCKED.test(calendar.problem?.type ?? '') && <SignInAgain calendar={calendar} done={changed} />}
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
