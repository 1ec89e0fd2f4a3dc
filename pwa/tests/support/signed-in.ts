/** Phones that are signed in, and what they hold. */
import type { Database } from '../../src/store/database';
import { Phone } from '../../src/store/phone';
import { ROW_TYPES } from '../../src/store/rows';
import { settled, type Device, type Tab } from './device';
import type { Server } from './server';

export interface Running {
  phone: Phone;
  tab: Tab;
  db: Database;
}

/** Open the app in a new tab; where nobody is signed in yet, sign in. */
export async function opened(device: Device, server?: Server): Promise<Running> {
  if (server) {
    device.fetch = server.fetch;
    server.now = () => device.clock;
  }
  const tab = device.tab();
  const phone = new Phone(tab);
  await phone.begin();
  if (!phone.shown.session.value) await phone.signIn('elin@example.test', 'secret');
  await settled();
  await phone.syncNow();
  return { phone, tab, db: phone.shown.database.value as Database };
}

/** The tab is cut and the app opened again. */
export async function restarted({ tab }: Running): Promise<Running> {
  tab.cut();
  await settled();
  return opened(tab.device);
}

/** No network from now on; returns what brings it back. */
export function offline(device: Device): () => void {
  const { fetch } = device;
  device.fetch = () => Promise.reject(new TypeError('Failed to fetch'));
  return () => (device.fetch = fetch);
}

/** Every row that is shown, by `type,id`. */
export async function shownRows(db: Database): Promise<Map<string, object>> {
  const rows = new Map<string, object>();
  for (const type of ROW_TYPES) {
    for (const row of await db.getAll(type)) rows.set(`${type},${row.id}`, row);
  }
  return rows;
}
