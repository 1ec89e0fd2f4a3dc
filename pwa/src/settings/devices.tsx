/** The rep's devices: which there are, when each was last in contact, its name, and the way to shut one out. */
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { call, RefusedError } from '../store/api';
import { phone, session } from '../store/state';
import { now, timeZone } from '../ui/clock';
import { age } from '../ui/dates';
import { Text } from '../ui/form';
import { Empty, Screen } from '../ui/frame';
import { say } from '../ui/said';

interface Device {
  id: string;
  name: string | null;
  user_agent: string | null;
  created_at: string;
  last_seen_at: string;
  signed_in: boolean;
  current: boolean;
}

const DEVICES = '/api/v1/devices';

export function DevicesScreen() {
  const devices = useSignal<Device[] | null>(null);
  const trouble = useSignal('');
  const load = () =>
    call<{ data: Device[] }>(phone.env, DEVICES).then(
      (found) => {
        devices.value = found.data;
        trouble.value = '';
      },
      (error: unknown) => (trouble.value = whatWentWrong(error)),
    );
  useEffect(() => void load(), []);
  return (
    <Screen title="Your devices" sub="Where you are signed in, and what holds your customers" back={{ href: '/me', label: 'Me' }}>
      {trouble.value && (
        <Empty title="The list is on the server">
          <p>{trouble.value}</p>
          <button class="btn ghost" type="button" onClick={() => void load()}>
            Try again
          </button>
        </Empty>
      )}
      {!devices.value && !trouble.value && <Empty title="Asking the server" />}
      {devices.value?.map((device) => <DeviceCard key={device.id} device={device} changed={load} />)}
    </Screen>
  );
}

function whatWentWrong(error: unknown): string {
  if (error instanceof RefusedError) return error.status === 401 ? 'Sign in again to see it.' : error.message;
  return 'It cannot be reached now. Renaming a device or shutting one out needs a network.';
}

const csrf = (): { csrf: string } => ({ csrf: session.peek()?.csrf_token ?? '' });

function DeviceCard({ device, changed }: { device: Device; changed: () => Promise<unknown> }) {
  const task = useSignal<'none' | 'name' | 'revoke'>('none');
  const name = useSignal(device.name ?? '');
  const trouble = useSignal('');
  const shown = device.name || kindOf(device.user_agent);
  const ask = async (work: Promise<unknown>, said: string) => {
    try {
      await work;
      task.value = 'none';
      say(said);
      await changed();
    } catch (error) {
      trouble.value = whatWentWrong(error);
    }
  };
  const rename = () => ask(call(phone.env, `${DEVICES}/${device.id}`, { method: 'PATCH', body: { name: name.value.trim() || null }, ...csrf() }), 'Renamed');
  const revoke = () => ask(call(phone.env, `${DEVICES}/${device.id}`, { method: 'DELETE', ...csrf() }), 'Shut out: it empties itself at its next contact');
  return (
    <article class={`card${device.current ? ' hero' : ''}`} aria-label={shown}>
      <h2>
        {device.current ? 'This device' : 'Device'} <span>{contact(device)}</span>
      </h2>
      <p>
        <b>{shown}</b>
        {device.name && <span class="src">{kindOf(device.user_agent)}</span>}
      </p>
      {task.value === 'name' && (
        <div class="inset">
          <Text label="Name" value={name.value} onText={(text) => (name.value = text)} maxLength={100} autocapitalize="words" />
          <div class="pair">
            <button class="btn ghost" type="button" onClick={() => (task.value = 'none')}>
              Cancel
            </button>
            <button class="btn" type="button" onClick={() => void rename()}>
              Rename
            </button>
          </div>
        </div>
      )}
      {task.value === 'revoke' && (
        <div class="asked" role="group" aria-label="Shut this device out?">
          <p>At its next contact it is signed out and emptied, with whatever is unsent on it. Before that it can still be read.</p>
          <div class="pair">
            <button class="btn ghost" type="button" onClick={() => (task.value = 'none')}>
              Keep it
            </button>
            <button class="btn danger" type="button" onClick={() => void revoke()}>
              Shut out
            </button>
          </div>
        </div>
      )}
      {task.value === 'none' && (
        <div class="pair">
          <button class="btn ghost" type="button" onClick={() => (task.value = 'name')}>
            Rename
          </button>
          {device.current ? (
            <a class="btn ghost" href="/me/leaving">
              Sign out
            </a>
          ) : (
            <button class="btn ghost" type="button" onClick={() => (task.value = 'revoke')}>
              Shut out
            </button>
          )}
        </div>
      )}
      <p class="problem" role="alert">
        {trouble.value}
      </p>
    </article>
  );
}

const contact = ({ last_seen_at, signed_in }: Device): string =>
  `last contact ${age(last_seen_at, now.value, timeZone.value)}${signed_in ? '' : ', signed out'}`;

/** `Chrome on Android`, from what the browser says of itself. */
export function kindOf(agent: string | null): string {
  if (!agent) return 'A browser';
  const browser = /Edg\//.test(agent) ? 'Edge' : /Firefox|FxiOS/.test(agent) ? 'Firefox' : /Chrome|CriOS/.test(agent) ? 'Chrome' : /Safari/.test(agent) ? 'Safari' : 'A browser';
  const system = /iPhone|iPad/.test(agent) ? 'iPhone or iPad' : /Android/.test(agent) ? 'Android' : /Mac OS X/.test(agent) ? 'Mac' : /Windows/.test(agent) ? 'Windows' : /Linux/.test(agent) ? 'Linux' : null;
  return system ? `${browser} on ${system}` : browser;
}
