/** Notices before visits: whether this device shows them, which others do, and when and about what the rep is told. */
import { batch, useSignal, type Signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { call } from '../store/api';
import { phone } from '../store/state';
import { phoneState } from '../store/sync';
import { now, timeZone } from '../ui/clock';
import { age, duration } from '../ui/dates';
import { Chips, ManyChips, Text } from '../ui/form';
import { Screen } from '../ui/frame';
import { say } from '../ui/said';
import { OnTheServer, State, Switch, Trouble, whatWentWrong } from './pieces';
import { ability, csrf, DEVICES, forget, remove, switchOn, thisDevice, type Ability, type PushDevice } from './subscription';

interface Preferences {
  lead_minutes: number;
  evening_before: boolean;
  evening_at: string;
  quiet_from: string;
  quiet_to: string;
  working_days: number[];
  only_if_new: boolean;
  kinds: string[] | null;
  email: boolean;
  time_zone: string;
}

const PREFERENCES = '/api/v1/notice-preferences';
const OFFLINE = 'It cannot be reached now. What you chose before still holds; changing it needs a network.';
const LEADS = [15, 30, 60, 90, 120];
const WEEK = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'].map((label, index) => ({ value: String(index + 1), label }));
const KINDS = [
  ['people', 'People'], ['since', 'Since you last met'], ['usage', 'Usage'], ['service', 'Service'], ['news', 'News'],
  ['promises', 'Promises and contract'], ['quotes', 'Open quotes'], ['offer', 'Worth offering'],
].map(([value, label]) => ({ value: value as string, label: label as string }));
/** A push service has answered, or refused, by then. */
const TESTED_MS = 3_000;

export function NoticesScreen() {
  const able = useSignal<Ability | null>(null);
  const mine = useSignal<string | undefined>(undefined);
  const devices = useSignal<PushDevice[] | null>(null);
  const preferences = useSignal<Preferences | null>(null);
  const trouble = useSignal('');
  const look = async () => [able.value, mine.value] = [await ability(), await thisDevice()];
  const load = async () => {
    try {
      const [found, chosen] = await Promise.all([
        call<{ data: PushDevice[] }>(phone.env, DEVICES), call<Preferences>(phone.env, PREFERENCES),
      ]);
      [devices.value, preferences.value, trouble.value] = [found.data, chosen, ''];
      if (mine.value && !found.data.some(({ id }) => id === mine.value)) await forget().then(look); // removed from another device
    } catch (error) {
      trouble.value = whatWentWrong(error, OFFLINE);
    }
  };
  useEffect(() => void look().then(load), []);
  const changed = () => look().then(load);
  const others = devices.value?.filter(({ id }) => id !== mine.value) ?? [];
  return (
    <Screen title="Notices" sub="What matters, before you go in" back={{ href: '/me', label: 'Me' }}>
      {able.value && <ThisDevice able={able.value} device={devices.value?.find(({ id }) => id === mine.value)} id={mine.value} changed={changed} />}
      {others.length > 0 && (
        <section class="card settings">
          <h2>Other devices</h2>
          {others.map((device) => (
            <OtherDevice key={device.id} device={device} changed={load} />
          ))}
        </section>
      )}
      {trouble.value && <OnTheServer trouble={trouble.value} again={() => void load()} />}
      {preferences.value && <Choices preferences={preferences as Signal<Preferences>} />}
    </Screen>
  );
}

interface ThisDeviceProps {
  able: Ability;
  device: PushDevice | undefined;
  id: string | undefined;
  changed: () => Promise<unknown>;
}

function ThisDevice({ able, device, id, changed }: ThisDeviceProps) {
  const trouble = useSignal('');
  const busy = useSignal(false);
  const ask = async (work: () => Promise<unknown>) => {
    busy.value = true;
    trouble.value = '';
    try {
      await work();
      await changed();
    } catch (error) {
      trouble.value = whatWentWrong(error, 'The server cannot be reached now. This needs a network.');
    }
    busy.value = false;
  };
  const out = phoneState.value === 'offline';
  const on = () => ask(async () => say((await switchOn()) ? 'This device shows notices' : 'Nothing was switched on'));
  const off = () => ask(async () => {
    if (id) await remove(id);
    say('This device shows no notices any more');
  });
  return (
    <section class={`card settings${able === 'on' ? ' hero' : ''}`}>
      <h2>This device</h2>
      <HowItStands able={able} device={device} />
      {(able === 'on' || able === 'off') && out && (
        <p class="soft">
          {able === 'on' ? 'Switching it off' : 'Switching it on'} needs a network: the server has to know. Come back when there is one.
        </p>
      )}
      {able === 'off' && !out && (
        <button class="btn wide" type="button" onClick={() => void on()} aria-busy={busy.value}>
          {busy.value ? 'Asking…' : 'Switch on'}
        </button>
      )}
      {able === 'on' && !out && (
        <div class="pair">
          {id && <TestButton id={id} trouble={trouble} after={changed} />}
          <button class="btn ghost" type="button" onClick={() => void off()} aria-busy={busy.value}>
            Switch off
          </button>
        </div>
      )}
      <Trouble text={trouble} />
    </section>
  );
}

function HowItStands({ able, device }: { able: Ability; device: PushDevice | undefined }) {
  switch (able) {
    case 'on':
      return device?.problem ? (
        <State sign="warn">
          <b>{device.problem.title}.</b> {device.problem.detail}
        </State>
      ) : (
        <State sign="good">
          <b>On.</b> The short briefing comes with the notice and can be read with no network.
          {device?.last_sent_at && <span class="src">last one {age(device.last_sent_at, now.value, timeZone.value)}</span>}
        </State>
      );
    case 'off':
      return (
        <State sign="info">
          <b>Off.</b> Before each visit this device can light up with what matters about the customer, readable with no network. When you switch it on, the
          browser asks once whether Doorstep may. Whoever sees the lock screen sees the lines too.
        </State>
      );
    case 'blocked':
      return (
        <State sign="warn">
          <b>Blocked.</b> Notices of this site are blocked in the browser’s settings. Allow them there for this site, then come back.
        </State>
      );
    case 'home-screen':
      return (
        <State sign="info">
          <b>First put Doorstep on the home screen.</b> An iPhone or iPad shows notices only of what is there: tap <b>Share</b>, then <b>Add to Home
          Screen</b>, open Doorstep from it, and come back here.
        </State>
      );
    case 'never':
      return (
        <State sign="info">
          <b>This browser cannot show notices.</b> Doorstep can send them by e-mail instead, or to another device.
        </State>
      );
  }
}

function TestButton({ id, trouble, after }: { id: string; trouble: Signal<string>; after: () => Promise<unknown> }) {
  const test = async () => {
    try {
      await call(phone.env, `${DEVICES}/${id}:test`, { method: 'POST', ...csrf() });
      say('A test is on its way');
      setTimeout(() => void after(), TESTED_MS);
    } catch (error) {
      trouble.value = whatWentWrong(error, 'The server cannot be reached now. A test needs a network.');
    }
  };
  return (
    <button class="btn ghost" type="button" onClick={() => void test()}>
      Send a test
    </button>
  );
}

function OtherDevice({ device, changed }: { device: PushDevice; changed: () => Promise<unknown> }) {
  const asking = useSignal(false);
  const trouble = useSignal('');
  const shown = device.name ?? 'A device';
  const leave = () =>
    remove(device.id).then(() => {
      say(`${shown} shows no notices any more`);
      return changed();
    }, (error: unknown) => (trouble.value = whatWentWrong(error, OFFLINE)));
  return (
    <div class="thing" role="group" aria-label={shown}>
      <div>
        <b>{shown}</b>
        <span class="src">
          {device.last_sent_at ? `last one ${age(device.last_sent_at, now.value, timeZone.value)}` : 'nothing sent yet'} · through {device.service}
        </span>
        {device.problem && (
          <p class="note">
            <b>{device.problem.title}.</b> {device.problem.detail}
          </p>
        )}
      </div>
      {asking.value ? (
        <div class="pair">
          <button class="btn ghost" type="button" onClick={() => (asking.value = false)}>
            Keep it
          </button>
          <button class="btn danger" type="button" onClick={() => void leave()}>
            Remove it
          </button>
        </div>
      ) : (
        <div class="pair">
          <TestButton id={device.id} trouble={trouble} after={changed} />
          <button class="btn ghost" type="button" onClick={() => (asking.value = true)}>
            Remove
          </button>
        </div>
      )}
      <Trouble text={trouble} />
    </div>
  );
}

/**
 * What is chosen is kept at once, one choice after the other; what the server did not take goes back to what it was.
 *
 * What is on its way is shown over what the server has: its answer to one choice knows nothing of the next.
 */
function Choices({ preferences }: { preferences: Signal<Preferences> }) {
  const when = useSignal('');
  const what = useSignal('');
  const onTheirWay = useSignal<Partial<Preferences>[]>([]);
  const last = useRef(Promise.resolve());
  const change = (fields: Partial<Preferences>) => {
    onTheirWay.value = [...onTheirWay.value, fields];
    when.value = what.value = '';
    last.current = last.current.then(() => keep(fields));
  };
  const keep = async (fields: Partial<Preferences>) => {
    const answer = call<Preferences>(phone.env, PREFERENCES, { method: 'PATCH', body: fields, ...csrf() });
    const kept = await answer.catch((error: unknown) => {
      const trouble = 'only_if_new' in fields || 'kinds' in fields || 'email' in fields ? what : when; // beside what was tapped
      trouble.value = whatWentWrong(error, 'Not kept: the server cannot be reached now, and changing this needs a network.');
    });
    if (kept) say('Kept');
    batch(() => {
      preferences.value = kept ?? preferences.value;
      onTheirWay.value = onTheirWay.value.slice(1);
    });
  };
  const shown: Preferences = Object.assign({}, preferences.value, ...onTheirWay.value);
  const { lead_minutes, evening_before, evening_at, quiet_from, quiet_to, working_days, only_if_new, kinds, email, time_zone } = shown;
  const leads = [...new Set([...LEADS, lead_minutes])].sort((a, b) => a - b);
  const time = (label: string, name: 'evening_at' | 'quiet_from' | 'quiet_to', value: string) => (
    <Text label={label} type="time" value={value} onText={(text) => void (/^\d\d:\d\d$/.test(text) && text !== value && change({ [name]: text }))} />
  );
  return (
    <>
      <section class="card settings">
        <h2>
          When <span>{time_zone.replaceAll('_', ' ')} time</span>
        </h2>
        <Chips
          legend="Before each visit" options={leads.map((minutes) => ({ value: String(minutes), label: duration(minutes * 60_000) }))}
          value={String(lead_minutes)} onPick={(value) => change({ lead_minutes: Number(value) })}
        />
        <Switch label="The evening before" hint="For the first visit of a day" on={evening_before} onSwitch={(on) => change({ evening_before: on })} />
        {evening_before && time('At', 'evening_at', evening_at)}
        <fieldset class="field">
          <legend>Quiet hours</legend>
          <div class="two">
            {time('From', 'quiet_from', quiet_from)}
            {time('To', 'quiet_to', quiet_to)}
          </div>
          <p class="src">{quiet_from === quiet_to ? 'The same time twice: no quiet hours.' : 'Nothing is sent then.'}</p>
        </fieldset>
        <div class="days">
          <ManyChips
            legend="Working days" options={WEEK} values={working_days.map(String)}
            onPick={(days) => (days.length > 0 ? change({ working_days: days.map(Number).sort() }) : (when.value = 'At least one day stays a working day.'))}
          />
        </div>
        <Trouble text={when} />
      </section>
      <section class="card settings">
        <h2>What</h2>
        <Switch
          label="Only if something is new" hint="Nothing when all is as in the last notice of the customer" on={only_if_new}
          onSwitch={(on) => change({ only_if_new: on })}
        />
        <Switch label="Lines of every kind" on={kinds === null} onSwitch={(on) => change({ kinds: on ? null : KINDS.map(({ value }) => value) })} />
        {kinds !== null && <ManyChips legend="Kinds of lines" options={KINDS} values={kinds} onPick={(picked) => change({ kinds: picked })} />}
        <Switch label="By e-mail instead" hint="Where no device shows notices" on={email} onSwitch={(on) => change({ email: on })} />
        <Trouble text={what} />
      </section>
    </>
  );
}
