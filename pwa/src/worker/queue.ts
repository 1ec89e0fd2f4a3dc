/**
 * What is unsent, sent when the browser says that there is a network and no page is open.
 *
 * It reads the queue and changes nothing: what the server answers, the app is told again when it is open. Only when the
 * server says that this device was revoked does it remove everything.
 */
import { dropShells } from './shells';
import { ask, begin, readMeta, result, type WorkerSession } from './stored';

declare const self: ServiceWorkerGlobalScope;

/**
 * Send the queue in order, numbered from what the server did last; what it did already it knows by its id.
 *
 * Throws when something is left that the browser should ask for again.
 */
export async function pushQueue(): Promise<void> {
  const { queue, held, session, sequence = 0, client_group } = await readQueue();
  for (let at = 0; session && at < queue.length; at += 50) {
    const mutations = queue.slice(at, at + 50).map(({ order: _, hold: __, ...rest }, place) => ({ ...rest, seq: sequence + at + place + 1 }));
    const body = { client_group, schema: queue[0]?.version, sent_at: new Date().toISOString(), mutations };
    const answer = await ask('sync/push', session, body);
    if (answer.status >= 500) throw new Error(`${answer.status}`);
    if (!answer.ok) return answer.status === 401 ? wipeIfRevoked(answer) : undefined; // refused: for the app, which can say so
  }
  if (session && held) throw new Error('held');
}

/** A revoked device keeps no rows, also when nobody opens the app. Text storage, out of reach here, is emptied when somebody does. */
async function wipeIfRevoked(answer: Response): Promise<void> {
  const { type } = await answer.json().catch(() => ({}));
  if (!/(^|\/)device-revoked$/.test(type)) return;
  for (const notification of await self.registration.getNotifications()) notification.close();
  await Promise.all([result(indexedDB.deleteDatabase('doorstep')), dropShells()]);
}

interface Waiting {
  order: number;
  version: number;
  done?: number;
  hold?: number;
}

interface Queue {
  queue: Waiting[];
  /** something more is there, and can still be taken back */
  held?: boolean;
  session?: WorkerSession | undefined;
  sequence?: number | undefined;
  client_group?: string | undefined;
}

async function readQueue(): Promise<Queue> {
  const tx = await begin('mutation');
  if (!tx) return { queue: [] };
  const now = Date.now();
  const isHeld = ({ hold = 0 }: Waiting) => hold > now && hold <= now + 60_000;
  const [all, [session, sequence, client_group]] = await Promise.all([
    result(tx.objectStore('mutation').index('order').getAll()),
    readMeta<[WorkerSession, number, string]>(tx, 'session', 'sequence', 'client_group'),
  ]);
  const unsent = (all as Waiting[]).filter(({ done }) => done === undefined);
  const first = unsent.findIndex(isHeld); // it can still be taken back, and what is behind it waits
  const held = first >= 0;
  return { queue: held ? unsent.slice(0, first) : unsent, held, session, sequence, client_group };
}
