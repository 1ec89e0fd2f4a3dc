/** This browser's subscription to notices: what it can do, switching on and off, and keeping the server's address of it true. */
import { call, RefusedError } from '../store/api';
import { readMeta, writeMeta } from '../store/database';
import { database, phone, session } from '../store/state';
import { kindOf } from './devices';

export type Ability =
  | 'on' | 'off'
  /** the rep, or who looks after the phone, blocked notices of this site */
  | 'blocked'
  /** an iPhone or iPad: only what is on its home screen may show notices */
  | 'home-screen'
  | 'never';

/** What went wrong where the server was not at fault; the words are for the rep. */
export class SubscriptionError extends Error {
  override name = 'SubscriptionError';
}

/** A push service that a browser cannot reach keeps it waiting for ever. */
const SUBSCRIBE_MS = 20_000;

export interface PushDevice {
  id: string;
  name: string | null;
  service: string;
  created_at: string;
  renewed_at: string;
  last_sent_at: string | null;
  problem: { type: string; title: string; detail: string } | null;
}

export const DEVICES = '/api/v1/push/devices';
export const csrf = (): { csrf: string } => ({ csrf: session.peek()?.csrf_token ?? '' });

export async function ability(): Promise<Ability> {
  const isApple = /iPhone|iPad/.test(navigator.userAgent) || (/Macintosh/.test(navigator.userAgent) && navigator.maxTouchPoints > 1);
  const installed = (navigator as { standalone?: boolean }).standalone === true || matchMedia('(display-mode: standalone)').matches;
  if (!('PushManager' in globalThis) || !('Notification' in globalThis)) return isApple && !installed ? 'home-screen' : 'never';
  if (Notification.permission === 'denied') return 'blocked';
  return Notification.permission === 'granted' && (await thisDevice()) ? 'on' : 'off';
}

/** This device as the server knows it; undefined when it was never switched on here, or was switched off. */
export async function thisDevice(): Promise<string | undefined> {
  const db = database.peek();
  return db ? (await readMeta(db, 'push_device'))?.id : undefined;
}

/**
 * Ask the rep's permission, subscribe, and tell the server.
 *
 * @returns false when the rep said no
 * @throws SubscriptionError when the browser cannot, RefusedError, UnreachableError
 */
export async function switchOn(): Promise<boolean> {
  const db = database.peek();
  if (!db || (await Notification.requestPermission()) !== 'granted') return false;
  const { public_key } = await call<{ public_key: string }>(phone.env, '/api/v1/push/key');
  const subscription = await inTime(subscribe(bytes(public_key)));
  const device = await call<PushDevice>(phone.env, DEVICES, {
    method: 'POST',
    body: { ...subscription.toJSON(), name: kindOf(navigator.userAgent), client_group_id: await readMeta(db, 'client_group') },
    ...csrf(),
  });
  await writeMeta(db, 'push_device', { id: device.id, endpoint: subscription.endpoint });
  return true;
}

async function subscribe(applicationServerKey: Uint8Array<ArrayBuffer>): Promise<PushSubscription> {
  const { pushManager } = await navigator.serviceWorker.ready;
  const options = { userVisibleOnly: true, applicationServerKey };
  try {
    return await pushManager.subscribe(options);
  } catch (error) {
    const old = await pushManager.getSubscription();
    if (!old) throw new SubscriptionError(error instanceof Error ? error.message : String(error));
    await old.unsubscribe(); // with the key of another installation
    return pushManager.subscribe(options);
  }
}

function inTime<T>(work: Promise<T>): Promise<T> {
  const late = new Promise<never>((_, reject) => {
    setTimeout(() => reject(new SubscriptionError('The push service of this browser does not answer. Try again when the network is better.')), SUBSCRIBE_MS);
  });
  return Promise.race([work, late]);
}

const bytes = (base64url: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(base64url.replaceAll('-', '+').replaceAll('_', '/')), (letter) => letter.charCodeAt(0));

/** Remove a device; this one's browser then takes nothing any more either. */
export async function remove(id: string): Promise<void> {
  try {
    await call(phone.env, `${DEVICES}/${id}`, { method: 'DELETE', ...csrf() });
  } catch (error) {
    if (!(error instanceof RefusedError && error.status === 404)) throw error;
  }
  if (id === (await thisDevice())) await forget();
}

/** The server knows no such device any more, or is not to: the next tap begins anew. */
export async function forget(): Promise<void> {
  const subscription = await (await navigator.serviceWorker.getRegistration())?.pushManager.getSubscription();
  await subscription?.unsubscribe().catch(() => false);
  await database.peek()?.delete('meta', 'push_device');
}

/** At the opening of the app: a subscription that the browser renewed while the server could not be reached is told now. */
export async function keepTold(): Promise<void> {
  const db = database.peek();
  const told = db && (await readMeta(db, 'push_device'));
  if (!db || !told || !('PushManager' in globalThis)) return;
  const subscription = await (await navigator.serviceWorker.getRegistration())?.pushManager.getSubscription();
  if (!subscription || subscription.endpoint === told.endpoint) return;
  await call(phone.env, `${DEVICES}/${told.id}`, { method: 'PATCH', body: subscription.toJSON(), ...csrf() });
  await writeMeta(db, 'push_device', { id: told.id, endpoint: subscription.endpoint });
}
