/** Adding a calendar, by its address, by CalDAV or from a file; and signing in again to one that wants another password. */
import { useSignal, type Signal } from '@preact/signals';
import { useId } from 'preact/hooks';
import { call } from '../store/api';
import { phone } from '../store/state';
import { Chips, Text } from '../ui/form';
import { say } from '../ui/said';
import { CALENDARS, type Calendar } from './asking';
import { Trouble, whatWentWrong } from './pieces';
import { csrf } from './subscription';

export const NEEDS_NETWORK = 'The server cannot be reached now. This needs a network.';
const LARGEST = 50_000_000;

type Way = 'url' | 'caldav' | 'file';
const WAYS: { value: Way; label: string }[] = [
  { value: 'url', label: 'By its address' }, { value: 'caldav', label: 'CalDAV' }, { value: 'file', label: 'A file' },
];

export function AddCalendar({ first, added }: { first: boolean; added: () => void }) {
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
    if (busy.value) return;
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
      {kind === 'caldav' && <SignIn username={username} password={password} />}
      <button class="btn wide" type="submit" aria-busy={busy.value}>
        {busy.value ? 'Asking…' : 'Follow'}
      </button>
      <Trouble text={trouble} />
    </form>
  );
}

/** Its server wants another password than the one that is kept. */
export function SignInAgain({ calendar, done }: { calendar: Calendar; done: () => void }) {
  const username = useSignal(calendar.username ?? '');
  const password = useSignal('');
  const trouble = useSignal('');
  const busy = useSignal(false);
  const send = async (event: Event) => {
    event.preventDefault();
    if (busy.value) return;
    if (!password.value) return void (trouble.value = 'Type the password.');
    busy.value = true;
    trouble.value = '';
    try {
      const body = { ...(username.value && { username: username.value }), password: password.value };
      await call(phone.env, `${CALENDARS}/${calendar.id}`, { method: 'PATCH', body, ...csrf() });
      password.value = '';
      say('Kept. It is being read');
      done();
    } catch (error) {
      trouble.value = whatWentWrong(error, NEEDS_NETWORK);
    }
    busy.value = false;
  };
  return (
    <form class="form" noValidate onSubmit={(event) => void send(event)}>
      <SignIn username={username} password={password} />
      <button class="btn wide" type="submit" aria-busy={busy.value}>
        {busy.value ? 'Asking…' : 'Sign in again'}
      </button>
      <Trouble text={trouble} />
    </form>
  );
}

function SignIn({ username, password }: { username: Signal<string>; password: Signal<string> }) {
  const id = useId();
  return (
    <>
      <Text label="User name" value={username.value} onText={(text) => (username.value = text)} autocapitalize="off" spellcheck={false} maxLength={200} />
      <div class="field">
        <label for={id}>Password</label>
        <input
          id={id} type="password" value={password.value} autocomplete="off" maxLength={500} aria-describedby={`${id}-below`}
          onInput={(event) => (password.value = event.currentTarget.value)}
        />
        <span id={`${id}-below`} class="src">
          Best one made for apps. It is kept sealed and never shown.
        </span>
      </div>
    </>
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
