/** A phone that was left with the first released database opens with this one, and has lost nothing. */
import 'fake-indexeddb/auto';
import { expect, test } from 'vitest';
import { Device, settled } from './support/device';
import { Server, SESSION } from './support/server';
import { offline, opened, restarted } from './support/signed-in';

/** The database as version 1 of the app made it, by hand: it must never change. */
function versionOne(factory: IDBFactory, checked_at: string): Promise<void> {
  return new Promise((done, failed) => {
    const request = factory.open('doorstep', 1);
    request.onupgradeneeded = () => {
      const db = request.result;
      const meta = db.createObjectStore('meta');
      db.createObjectStore('me', { keyPath: 'id' });
      const account = db.createObjectStore('account', { keyPath: 'id' });
      const visit = db.createObjectStore('visit', { keyPath: 'id' });
      visit.createIndex('starts_at', 'starts_at');
      visit.createIndex('account_id', 'account_id');
      const promise = db.createObjectStore('promise', { keyPath: 'id' });
      promise.createIndex('account_id', 'account_id');
      promise.createIndex('due_on', 'due_on');
      for (const name of ['person', 'briefing', 'subscription', 'ticket', 'goal']) {
        db.createObjectStore(name, { keyPath: 'id' }).createIndex('account_id', 'account_id');
      }
      meta.put('0b1f4f3a-0000-4000-8000-000000000001', 'client_group');
      meta.put(SESSION, 'session');
      meta.put({ cookie: 'old', as_of: checked_at, schema: 1 }, 'cursor');
      meta.put({ checked_at }, 'contact');
      account.put({ id: 'a1', name: 'Norrvik' });
      visit.put({ id: 'v1', account_id: 'a1', starts_at: checked_at, ends_at: checked_at, time_zone: 'UTC', status: 'planned' });
    };
    request.onsuccess = () => {
      request.result.close();
      done();
    };
    request.onerror = () => failed(request.error);
  });
}

test('rows of version 1 are there offline, can be written to, and are pulled anew by the same phone', async () => {
  const device = new Device();
  const server = new Server();
  device.texts.set('doorstep.signed-in', '1');
  await versionOne(device.indexedDB, new Date(device.clock - 3_600_000).toISOString());
  device.fetch = server.fetch;
  const back = offline(device);
  const { phone, db } = await opened(device);
  expect(await db.get('account', 'a1')).toEqual({ id: 'a1', name: 'Norrvik' });
  await phone.mutate('visit.log', { id: 'v1', outcome: 'Sold', done_at: '2026-11-21T12:00:00Z' });
  expect(await db.get('visit', 'v1')).toMatchObject({ status: 'done', outcome: 'Sold' });
  server.put('account', { id: 'a1', name: 'Norrvik Paper' });
  server.put('visit', { id: 'v1', account_id: 'a1', status: 'planned' });
  back();
  await phone.syncNow(true);
  const [push, pull] = server.requests.map(({ path, body }) => ({ path, ...(body as object) })) as unknown as { client_group: string; cookie: null; schema: number }[];
  expect(push?.client_group).toBe('0b1f4f3a-0000-4000-8000-000000000001');
  expect([pull?.cookie, pull?.schema]).toEqual([null, 3]);
  expect(await db.get('account', 'a1')).toEqual({ id: 'a1', name: 'Norrvik Paper' });
  expect(await db.get('visit', 'v1')).toMatchObject({ status: 'done' });
});

test('the lease of a phone of version 1 counts from its last contact', async () => {
  const device = new Device();
  device.texts.set('doorstep.signed-in', '1');
  await versionOne(device.indexedDB, new Date(device.clock - 15 * 86_400_000).toISOString());
  const { phone } = await opened(device);
  expect(phone.shown.leaseOver.value).toBe(true);
});

test('mutations that an earlier app queued are translated when the app is opened', async () => {
  const device = new Device();
  const server = new Server();
  server.put('account', { id: 'a1', name: 'Norrvik' });
  let running = await opened(device, server);
  const back = offline(device);
  const common = { made_at: '2026-11-21T11:00:00Z' };
  const visit = { id: 'v1', account_id: 'a1', status: 'planned' };
  server.put('visit', visit);
  await running.db.put('mutation', { ...common, id: 'm1', order: 1, version: 1, name: 'note.add', args: { id: 'n1', account_id: 'a1', body: 'Old words', written_at: '2026-11-21T11:00:00Z' } });
  await running.db.put('mutation', { ...common, id: 'm2', order: 2, version: 2, name: 'promise.make', args: { id: 'p1', account_id: 'a1', text: 'Call', made_on: '2026-11-21', by: '2026-11-30' } });
  await running.db.put('mutation', { ...common, id: 'm3', order: 3, version: 2, name: 'visit.log', args: { id: 'v1', attendees: ['x'], done_at: '2026-11-21T11:00:00Z' } });
  running = await restarted(running);
  back();
  await running.phone.syncNow(true);
  await settled();
  expect(server.effects.map(({ version }) => version)).toEqual([3, 3, 3]);
  expect(await running.db.get('note', 'n1')).toMatchObject({ text: 'Old words' });
  expect(await running.db.get('promise', 'p1')).toMatchObject({ due_on: '2026-11-30' });
  expect(await running.db.get('visit', 'v1')).toMatchObject({ attendee_ids: ['x'] });
});

/** Version 2 as the app of then made it: version 1, and what writing needed. */
function versionTwo(factory: IDBFactory): Promise<void> {
  return new Promise((done, failed) => {
    const request = factory.open('doorstep', 2);
    request.onupgradeneeded = () => {
      const db = request.result;
      for (const name of ['note', 'message', 'attachment']) db.createObjectStore(name, { keyPath: 'id' }).createIndex('account_id', 'account_id');
      for (const name of ['colleague', 'draft', 'attention', 'blob']) db.createObjectStore(name, { keyPath: 'id' });
      db.createObjectStore('mutation', { keyPath: 'id' }).createIndex('order', 'order');
      db.createObjectStore('base', { keyPath: ['type', 'id'] });
    };
    request.onsuccess = () => {
      request.result.close();
      done();
    };
    request.onerror = () => failed(request.error);
  });
}

test('a phone of version 2 keeps its rows and its queue, and has room for quotes and catalogues', async () => {
  const device = new Device();
  device.texts.set('doorstep.signed-in', '1');
  await versionOne(device.indexedDB, new Date(device.clock - 3_600_000).toISOString());
  await versionTwo(device.indexedDB);
  const { phone, db } = await opened(device);
  expect(await db.get('account', 'a1')).toEqual({ id: 'a1', name: 'Norrvik' });
  expect(await Promise.all((['quote', 'agreement', 'catalogue', 'catalogue_content'] as const).map((name) => db.count(name)))).toEqual([0, 0, 0, 0]);
  const id = phone.newId();
  await phone.mutate('quote.create', { id, account_id: 'a1', title: 'Pumps', valid_until: '2026-12-21', content: { lines: [] } });
  expect(await db.get('quote', id)).toMatchObject({ number: expect.stringMatching(/^2026(-[0-9A-Z]{4}){2}$/), status: 'draft', revision: 1, author: 'Elin' });
});

/** Version 3 as the app of then made it: version 2, and what quoting needed. */
function versionThree(factory: IDBFactory): Promise<void> {
  return new Promise((done, failed) => {
    const request = factory.open('doorstep', 3);
    request.onupgradeneeded = () => {
      const db = request.result;
      for (const name of ['agreement', 'quote']) db.createObjectStore(name, { keyPath: 'id' }).createIndex('account_id', 'account_id');
      db.createObjectStore('catalogue', { keyPath: 'id' });
      db.createObjectStore('catalogue_content', { keyPath: 'hash' });
    };
    request.onsuccess = () => {
      request.result.close();
      done();
    };
    request.onerror = () => failed(request.error);
  });
}

test('a phone of version 3 keeps its rows and its place in the sync, and has room for what notices bring', async () => {
  const device = new Device();
  device.texts.set('doorstep.signed-in', '1');
  const checked_at = new Date(device.clock - 3_600_000).toISOString();
  await versionOne(device.indexedDB, checked_at);
  await versionTwo(device.indexedDB);
  await versionThree(device.indexedDB);
  const { db } = await opened(device);
  expect(await db.get('visit', 'v1')).toMatchObject({ account_id: 'a1' });
  expect(await db.get('meta', 'cursor')).toEqual({ cookie: 'old', as_of: checked_at, schema: 1 });
  expect(await db.count('pushed')).toBe(0);
});
