/** Me: who is signed in, how the app looks, how fresh and how large what is stored here is, and the way out. */
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { pullNow } from '../store/session';
import { persisted, session } from '../store/state';
import { asOf, checkedAt, offlineSince, phoneState, refusal } from '../store/sync';
import { now, timeZone, today } from '../ui/clock';
import { age, dayName, localDay, timeOfDay } from '../ui/dates';
import { Screen } from '../ui/frame';
import { chooseTheme, theme, type Theme } from './theme';

interface Counts {
  accounts: number;
  briefings: number;
  visits: number;
}

export function MeScreen({ counts }: { counts: Counts }) {
  const current = session.value;
  if (!current) return null;
  return (
    <Screen title={current.user.name} sub={[current.user.email, current.organisation.name].join(' · ')}>
      <Freshness />
      <section class="card">
        <h2>Before visits</h2>
        <div class="pair">
          <a class="btn ghost" href="/me/notices">
            Notices
          </a>
          <a class="btn ghost" href="/me/calendars">
            Calendars
          </a>
        </div>
      </section>
      <Appearance />
      <OnThisPhone counts={counts} />
      {current.user.role === 'administrator' && (
        <a class="btn ghost wide" href="/me/jobs">
          Background work
        </a>
      )}
      <SignOut />
    </Screen>
  );
}

function Freshness() {
  const busy = useSignal(false);
  const check = async () => {
    busy.value = true;
    await pullNow();
    busy.value = false;
  };
  return (
    <section class="card">
      <h2>Freshness</h2>
      <dl class="facts">
        <dt>Figures as of</dt>
        <dd>{asOf.value ? spoken(asOf.value) : 'not fetched yet'}</dd>
        <dt>Server last answered</dt>
        <dd>{checkedAt.value ? age(checkedAt.value, now.value, timeZone.value) : 'not yet'}</dd>
        {offlineSince.value && (
          <>
            <dt>Offline since</dt>
            <dd>{spoken(offlineSince.value)}</dd>
          </>
        )}
      </dl>
      {phoneState.value === 'refused' && <p class="note">The server refused the update: {refusal.value}</p>}
      {phoneState.value === 'sign-in' ? (
        <a class="btn wide spaced" href="/sign-in">
          Sign in again
        </a>
      ) : (
        <button class="btn ghost wide spaced" type="button" onClick={check} aria-busy={busy.value}>
          {busy.value ? 'Asking the server…' : 'Update now'}
        </button>
      )}
    </section>
  );
}

/** `Today 07:40` */
function spoken(instant: string): string {
  const at = new Date(instant);
  return `${dayName(localDay(at, timeZone.value), today.value)} ${timeOfDay(at, timeZone.value)}`;
}

const THEMES: { value: Theme; label: string }[] = [
  { value: 'system', label: 'System' },
  { value: 'light', label: 'Light' },
  { value: 'dark', label: 'Dark' },
];

function Appearance() {
  return (
    <section class="card">
      <h2 id="appearance">Appearance</h2>
      <fieldset class="choice" aria-labelledby="appearance">
        {THEMES.map(({ value, label }) => (
          <label key={value}>
            <input type="radio" name="theme" checked={theme.value === value} onChange={() => chooseTheme(value)} />
            {label}
          </label>
        ))}
      </fieldset>
    </section>
  );
}

function OnThisPhone({ counts }: { counts: Counts }) {
  const used = useSignal<number | null>(null);
  useEffect(() => {
    void navigator.storage?.estimate?.().then(({ usage }) => (used.value = usage ?? null));
  }, [counts]);
  return (
    <section class="card">
      <h2>On this phone</h2>
      <dl class="facts">
        <dt>Accounts</dt>
        <dd>{counts.accounts}</dd>
        <dt>Briefings</dt>
        <dd>{counts.briefings}</dd>
        <dt>Visits</dt>
        <dd>{counts.visits}</dd>
        <dt>Storage</dt>
        <dd>{used.value === null ? '–' : `${(used.value / 1e6).toFixed(1)} MB`}</dd>
        <dt>Kept</dt>
        <dd>{persisted.value === true ? 'as long as you are signed in' : 'unless space runs out'}</dd>
      </dl>
      {persisted.value === false && (
        <p class="soft">
          The browser may remove what is stored when this phone runs out of space. Installing the app on the home screen makes it keep it. If it ever
          happens, Doorstep says so and fetches everything again.
        </p>
      )}
      <a class="btn ghost wide spaced" href="/me/devices">
        Your devices
      </a>
    </section>
  );
}

function SignOut() {
  return (
    <section class="card">
      <h2>Sign out</h2>
      <p>
        Sends what is unsent, then removes every account, briefing and figure from this phone.
        {offlineSince.value && ' The server is told when it can be reached again.'}
      </p>
      <a class="btn wide spaced" href="/me/leaving">
        Sign out
      </a>
    </section>
  );
}
