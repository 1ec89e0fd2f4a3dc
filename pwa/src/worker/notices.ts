/**
 * Notices before a visit: the short briefing that a push brings is stored first, then shown, so that a tap opens it with no
 * network.
 *
 * A phone that nobody is signed in to, or somebody else, or whose lease is over, stores nothing and shows nothing of a customer.
 */
import { mapTo } from '../accounts/directions';
import type { ClockFacts, Cursor } from '../store/database';
import type { Pushed } from '../store/rows';
import { isLeaseOver } from '../store/time';
import { ask, begin, readMeta, result, type WorkerSession } from './stored';

declare const self: ServiceWorkerGlobalScope;

/** What a message says is to be shown (Push API, "declarative push message"), with our data inside. */
interface Notice extends NotificationOptions {
  title: string;
  data: Told;
}

interface Told extends Omit<Pushed, 'visit'> {
  kind: 'briefing' | 'update' | 'test';
  notice: string;
  /** not in a test */
  visit?: Pushed['visit'];
}

/** Notices whose ids are kept, so that one which a push service delivers twice is shown once. */
const KNOWN = 50;

/** Every message must show something, also one that is not for whoever has the phone now. */
const NEUTRAL = { body: 'Open the app to see what is new.', tag: 'door', icon: '/icon-192.png' };

/** Store, then show. Safari hands the message over as the notification that it would show by itself. */
export async function told({ data, notification }: PushEvent & { notification?: Notice }): Promise<void> {
  const notice: Notice | undefined = notification ?? data?.json().notification;
  const fate = notice?.data && (await keep(notice.data).catch(() => 'not kept')); // a phone whose storage is full still tells
  if (fate === 'again') return;
  if (fate === 'kept' && notice) await show(notice);
  else await self.registration.showNotification('Doorstep', NEUTRAL);
}

/** Keep what came, unless a later notice or a pull brought newer: both tell of the customer as the server knew it later. */
async function keep(came: Told): Promise<'kept' | 'again' | 'not for here'> {
  const tx = await begin('pushed', 'readwrite');
  const [session, clock, cursor, known = []] = await readMeta<[WorkerSession, ClockFacts, Cursor, string[]]>(
    tx, 'session', 'clock', 'cursor', 'notices',
  );
  const mine = session && (came.kind === 'test' || session.user.id === came.user_id);
  if (!tx || !mine || isLeaseOver(clock, Date.now(), session.offline_lease_days)) return 'not for here';
  if (known.includes(came.notice)) return 'again';
  tx.objectStore('meta').put([...known, came.notice].slice(-KNOWN), 'notices');
  if (came.visit) {
    const { id } = came.visit;
    const pushed = tx.objectStore('pushed');
    const before: Pushed | undefined = await result(pushed.get(id));
    if (came.sent_at > (cursor?.as_of ?? '') && came.sent_at >= (before?.sent_at ?? '')) pushed.put({ ...came, id });
  }
  return new Promise((done, failed) => {
    tx.oncomplete = () => done('kept');
    tx.onabort = () => failed(tx.error);
  });
}

/** The name of an action is the address that it opens, or what is done. */
function show({ title, ...notice }: Notice): Promise<void> {
  const { place, phone, visit } = notice.data;
  // The platform takes the first ones that it has room for, mostly two; a tap beside them opens the briefing anyway.
  const actions = [
    { title: 'Directions', action: place && mapTo(place) },
    { title: 'Call', action: phone && `tel:${phone}` },
    { title: 'In 10 minutes', action: visit && 'snooze' },
    { title: 'Open', action: visit && 'open' },
  ].filter(({ action }) => action);
  const options = { ...notice, icon: '/icon-192.png', renotify: true, actions };
  return self.registration.showNotification(title, options as NotificationOptions);
}

export async function tapped({ notification, action }: NotificationEvent): Promise<unknown> {
  const { kind, notice, visit } = (notification.data ?? {}) as Partial<Told>;
  if (action === 'snooze') return (await snoozed(notice)) && notification.close(); // else it stays
  notification.close();
  const path = visit ? `/visits/${visit.id}` : kind === 'test' ? '/me/notices' : '/';
  if (!action || action === 'open') return open(path);
  return self.clients.openWindow(action).catch(() => open(path)); // where no app takes it, the page has the same button
}

/** Nothing here runs in ten minutes: the server sends it again. Answers whether it will: with no network it does not. */
async function snoozed(notice: string | undefined): Promise<boolean> {
  const [session] = await readMeta<[WorkerSession]>(await begin('pushed'), 'session');
  const answer = session && (await ask(`notices/${notice}:snooze`, session, {}).catch(() => undefined));
  return Boolean(answer?.ok);
}

/** In the page that is open, which is told where to go and keeps what is typed; else in a new one. */
async function open(path: string): Promise<unknown> {
  const pages = await self.clients.matchAll({ type: 'window' });
  const page = pages.find(({ url }) => !new URL(url).pathname.startsWith('/q/')); // a customer's page is no page of the app
  if (!page) return self.clients.openWindow(path);
  page.postMessage({ go: path });
  return page.focus();
}

interface SubscriptionChange extends ExtendableEvent {
  newSubscription?: PushSubscription;
  oldSubscription?: PushSubscription;
}

/** The browser made a new subscription, or ended the old one: the server is told where notices go from now on. */
export async function renewed({ newSubscription, oldSubscription }: SubscriptionChange): Promise<void> {
  const [session, device] = await readMeta<[WorkerSession, { id: string }]>(await begin('pushed'), 'session', 'push_device');
  if (!session || !device) return;
  const fresh = newSubscription ?? (await self.registration.pushManager.subscribe(oldSubscription?.options));
  await ask(`push/devices/${device.id}`, session, fresh, 'PATCH');
}
