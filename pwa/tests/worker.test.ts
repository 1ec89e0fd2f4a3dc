/** The worker, with no page open: it sends the queue that a phone left, and leaves the phone's database as it is. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Phone } from '../src/store/phone';
import { Device, settled } from './support/device';
import { json, Server } from './support/server';
import { offline, opened, restarted, type Running } from './support/signed-in';
import { Worker } from './support/worker';

let device: Device;
let server: Server;
let phone: Running;
let worker: Worker;

/** What the browser does when it has a network again. */
const networkIsBack = (): Promise<void> => worker.happens('sync');

beforeEach(async () => {
  device = new Device();
  server = new Server();
  server.put('account', { id: 'a1', name: 'Norrvik' });
  phone = await opened(device, server);
  worker = await Worker.start(device);
});

afterEach(() => void vi.restoreAllMocks());

const note = (id: string) => ({ id, account_id: 'a1', text: id, written_at: '2026-11-21T12:00:00Z' });

/** A phone that wrote offline and was closed. */
async function leave(count: number): Promise<() => void> {
  const back = offline(device);
  for (let n = 0; n < count; n += 1) await phone.phone.mutate('note.add', note(`n${n}`));
  await settled();
  phone.tab.cut();
  await settled();
  return back;
}

test('sends everything in order; the app, opened later, is told that it was done', async () => {
  (await leave(120))();
  await networkIsBack();
  expect(server.effects.map(({ args }) => args['id'])).toEqual(Array.from({ length: 120 }, (_, n) => `n${n}`));
  phone = await restarted(phone);
  await phone.phone.syncNow(true);
  expect(server.effects).toHaveLength(120);
  expect(phone.phone.shown.unsent.value.count).toBe(0);
});

test('waits for a page that is syncing, and sends what that left', async () => {
  (await leave(1))();
  const page = device.tab();
  device.held.set('doorstep-sync', page);
  const sent = networkIsBack();
  await settled();
  expect(server.effects).toEqual([]);
  page.cut();
  await sent;
  expect(server.effects).toHaveLength(1);
});

test('is tried again by the browser when the server is down, and not when it refuses', async () => {
  const back = await leave(1);
  await expect(networkIsBack()).rejects.toThrow();
  back();
  server.next = [async () => json({}, 503)];
  await expect(networkIsBack()).rejects.toThrow('503');
  server.next = [async () => json({}, 401)];
  await networkIsBack();
  expect(server.effects).toEqual([]);
});

test('sends what comes before something that can still be taken back, and is tried again by the browser for the rest', async () => {
  const back = offline(device);
  await phone.phone.mutate('note.add', note('n1'));
  await phone.phone.mutateAll([{ name: 'note.add', args: note('n2') }], [], { holdMs: 5_000 });
  await phone.phone.mutate('note.add', note('n3'));
  await settled();
  phone.tab.cut();
  await settled();
  back();
  await expect(networkIsBack()).rejects.toThrow('held');
  expect(server.effects.map(({ args }) => args['id'])).toEqual(['n1']);
  device.clock += 5_001;
  await networkIsBack();
  expect(server.effects.map(({ args }) => args['id'])).toEqual(['n1', 'n2', 'n3']);
});

describe('a revoked device', () => {
  const revoked = async () => json({ type: '/docs/problems/device-revoked', title: 'Revoked' }, 401);
  const shells = new Set<string>();

  beforeEach(() => {
    shells.add('shell-old').add('shell-test');
    vi.stubGlobal('caches', { keys: async () => [...shells], delete: async (name: string) => shells.delete(name) });
  });

  test('has neither rows nor shell any more when the worker is told so; its next opening empties the rest', async () => {
    (await leave(2))();
    await worker.push({ notification: { title: 'Notices reach this device', tag: 'test', data: { kind: 'test', notice: 't1' } } });
    server.next = [revoked];
    await networkIsBack();
    expect(worker.there.size).toBe(0);
    expect(await device.indexedDB.databases()).toEqual([]);
    expect([...shells]).toEqual([]);
    expect(device.texts.size).toBeGreaterThan(0);
    server.next = [revoked];
    const again = new Phone(device.tab());
    await again.begin();
    await settled();
    expect(again.shown.session.value).toBeNull();
    expect(device.texts.size).toBe(0);
    expect(await device.indexedDB.databases()).toEqual([]);
    expect(server.effects).toEqual([]);
  });

  test('is another thing than a session that ended, or a 401 of whoever else', async () => {
    (await leave(1))();
    for (const answer of [json({ type: '/docs/problems/unauthenticated' }, 401), new Response('Who are you?', { status: 401 })]) {
      server.next = [async () => answer];
      await networkIsBack();
    }
    expect(await device.indexedDB.databases()).toHaveLength(1);
    expect([...shells]).toEqual(['shell-old', 'shell-test']);
  });
});

test('makes no database where there is none', async () => {
  phone.tab.cut();
  vi.stubGlobal('indexedDB', new Device().indexedDB);
  await networkIsBack();
  expect(await indexedDB.databases()).toEqual([]);
});
