import { beforeEach, describe, expect, test } from 'vitest';
import { CHUNK } from '../src/store/uploads';
import { Device, settled } from './support/device';
import { json, Server } from './support/server';
import { offline, opened, restarted, type Running } from './support/signed-in';

const SIZE = 3 * CHUNK + 1000;
const BYTES = new Uint8Array(SIZE).map((_, place) => place % 251);
const ABOUT = { account_id: 'a1', name: 'pump.jpg', media_type: 'image/jpeg' as const };

let device: Device;
let server: Server;
let phone: Running;

beforeEach(async () => {
  device = new Device();
  server = new Server();
  server.put('account', { id: 'a1', name: 'Norrvik' });
  phone = await opened(device, server);
});

const shown = () => phone.phone.shown;
const sync = () => phone.phone.syncNow(true);
const pieces = () => server.requests.filter(({ method }) => method === 'PUT').map(({ path }) => Number(path.split('=')[1]));

/** Answers to pieces are lost from the `lost`th on. */
function losing(lost: number): () => void {
  const inner = device.fetch;
  let sent = 0;
  device.fetch = async (path, request) => {
    const answer = await inner(path, request);
    if (request.method === 'PUT' && (sent += 1) >= lost) throw new TypeError('cut');
    return answer;
  };
  return () => (device.fetch = inner);
}

test('a photo added offline is kept with its checksum, said to wait, and sent in pieces when there is a network', async () => {
  const back = offline(device);
  const { id } = await phone.phone.attach(BYTES, ABOUT);
  expect(shown().unsent.value).toMatchObject({ count: 1, photos: 1 });
  expect(await phone.db.get('attachment', id)).toMatchObject({ name: 'pump.jpg', size: SIZE });
  back();
  await sync();
  const digest = Buffer.from(await phone.tab.digest(BYTES)).toString('hex');
  expect(server.effects[0]?.args).toMatchObject({ id, size: SIZE, sha256: digest });
  expect(pieces()).toEqual([0, CHUNK, 2 * CHUNK, 3 * CHUNK]);
  expect(Buffer.from(BYTES).equals(server.bytes.get(id)!)).toBe(true);
  expect(shown().unsent.value).toMatchObject({ count: 0, photos: 0 });
});

test('goes on where the server has it, also after a restart and when the answer was lost', async () => {
  const back = losing(2);
  const { id } = await phone.phone.attach(BYTES, ABOUT);
  await settled();
  expect(shown().unsent.value).toMatchObject({ count: 0, photos: 1 });
  back();
  phone = await restarted(phone);
  await sync();
  expect(Buffer.from(BYTES).equals(server.bytes.get(id)!)).toBe(true);
  expect(pieces()).toEqual([0, CHUNK, CHUNK, 2 * CHUNK, 3 * CHUNK]);
  expect(await phone.db.count('blob')).toBe(0);
});

test('that the server has whole, though the last answer was lost, is done', async () => {
  const back = losing(4);
  await phone.phone.attach(BYTES, ABOUT);
  await settled();
  back();
  await sync();
  expect(await phone.db.count('blob')).toBe(0);
});

test('is sent again from the start when the checksum was wrong, and given up when it stays so', async () => {
  const inner = device.fetch;
  let wrong = 1;
  device.fetch = async (path, request) => {
    const answer = await inner(path, request);
    if (request.method !== 'PUT' || !(await answer.clone().json()).complete || (wrong -= 1) < 0) return answer;
    server.bytes.clear();
    return json({ received: 0, complete: false });
  };
  await phone.phone.attach(BYTES, ABOUT);
  await settled();
  expect(await phone.db.count('blob')).toBe(0);
  wrong = 99;
  const { id } = await phone.phone.attach(BYTES, ABOUT);
  await settled();
  expect(shown().attention.value).toMatchObject([{ id, bytes: true }]);
});

describe('a photo whose announcement is rejected', () => {
  beforeEach(async () => {
    server.judge = () => ({ result: 'rejected', problem: {} });
    await phone.phone.attach(BYTES, ABOUT);
    await settled();
  });

  test('waits with it, and goes with it when it is sent again', async () => {
    expect(pieces()).toEqual([]);
    server.judge = () => undefined;
    await phone.phone.resend(shown().attention.value[0]!.id);
    await settled();
    expect(pieces()).toHaveLength(4);
    expect(await phone.db.count('blob')).toBe(0);
  });

  test('is in the exported file with its bytes', async () => {
    const file = JSON.parse(await (await phone.phone.exportAttention(shown().attention.value[0]!)).text());
    expect(Buffer.from(file.photos[0].base64, 'base64').equals(Buffer.from(BYTES))).toBe(true);
  });

  test('leaves the phone with it when it is given up', async () => {
    await phone.phone.discard(shown().attention.value[0]!.id);
    expect(await phone.db.count('blob')).toBe(0);
  });
});

test('bytes that the server refuses need attention: they can be sent again or given up', async () => {
  const inner = device.fetch;
  device.fetch = async (path, request) =>
    request.method === 'PUT' ? json({ type: '/docs/problems/not-found', title: 'Not found' }, 404) : inner(path, request);
  const { id } = await phone.phone.attach(BYTES, ABOUT);
  await settled();
  expect(shown().attention.value).toMatchObject([{ kind: 'rejected', bytes: true, id, problem: { title: 'Not found' } }]);
  expect(await phone.phone.signOut()).toBe('unsent');
  device.fetch = inner;
  await phone.phone.resend(id);
  await settled();
  expect(Buffer.from(BYTES).equals(server.bytes.get(id)!)).toBe(true);
  expect(shown().attention.value).toEqual([]);
});

test('signing out waits for photos, or says that they are unsent', async () => {
  const back = losing(2);
  await phone.phone.attach(BYTES, ABOUT);
  await settled();
  expect(await phone.phone.signOut()).toBe('unsent');
  back();
  expect(await phone.phone.signOut()).toBe('told');
  expect(server.bytes.size).toBe(1);
});

test('of a draft the bytes wait for the manager, and are sent when it was accepted', async () => {
  server.judge = ({ name }) => (name === 'attachment.add' ? { result: 'rejected', draft: 'd1', problem: {} } : undefined);
  const { id } = await phone.phone.attach(BYTES, ABOUT);
  await sync();
  await sync();
  expect(shown().attention.value).toMatchObject([{ kind: 'kept' }]);
  expect(server.bytes.size).toBe(0);
  expect(await phone.db.count('blob')).toBe(1);
  server.put('attachment', { id, size: SIZE });
  const asked = pieces().length;
  await sync();
  expect(pieces().length).toBe(asked); // asked once an hour, not at every sync
  device.clock += 3_600_001;
  await sync();
  expect(Buffer.from(BYTES).equals(server.bytes.get(id)!)).toBe(true);
  expect(await phone.db.count('blob')).toBe(0);
  expect(shown().attention.value).toMatchObject([{ kind: 'kept' }]);
  const sent = pieces().length;
  await sync();
  expect(pieces().length).toBe(sent);
  expect(pieces().filter((offset) => offset > 0)).toEqual([CHUNK, 2 * CHUNK, 3 * CHUNK]);
});

describe('a photo that is kept for a manager', () => {
  let id: string;
  const draft = (state: string) => ({
    id: 'd1', account_id: 'a1', account: 'Norrvik', user_id: 'u1', author: 'Elin', name: 'attachment.add', args: { ...ABOUT, id },
    made_at: '2026-11-21T12:00:00.000Z', reason: 'territory-lost', state, mine: true,
  });
  const bytes = () => phone.db.count('blob');
  const close = () => phone.phone.discard(shown().attention.value[0]!.id);

  beforeEach(async () => {
    server.judge = ({ name }) => (name === 'attachment.add' ? { result: 'rejected', draft: 'd1', problem: {} } : undefined);
    ({ id } = await phone.phone.attach(BYTES, ABOUT));
    server.put('draft', draft('open'));
    await sync();
    await sync();
  });

  test('stays when its card is closed before anybody decided, also over a restart, and is sent when it is accepted', async () => {
    await close();
    await settled();
    phone = await restarted(phone);
    device.clock += 3_600_001;
    await sync();
    expect([shown().attention.value, await bytes()]).toEqual([[], 1]);
    expect(await phone.phone.signOut()).toBe('unsent');
    server.put('attachment', { id, size: SIZE });
    server.put('draft', draft('accepted'));
    await sync();
    expect(Buffer.from(BYTES).equals(server.bytes.get(id)!)).toBe(true);
    expect(await bytes()).toBe(0);
  });

  test.each([true, false])('leaves the phone when it is dismissed (card closed before: %s)', async (closed) => {
    if (closed) await close();
    await sync();
    expect(await bytes()).toBe(1);
    server.put('draft', draft('dismissed'));
    await sync();
    expect(await bytes()).toBe(0);
    expect(shown().unsent.value.photos).toBe(0);
    expect(shown().attention.value).toHaveLength(closed ? 0 : 1);
    expect(server.bytes.size).toBe(0);
  });

  test('whose card is closed when no row says what became of it: the server is asked', async () => {
    server.rows.delete('draft,d1');
    await close();
    await sync();
    expect([await bytes(), shown().attention.value]).toEqual([1, []]);
    server.put('attachment', { id, size: SIZE });
    device.clock += 3_600_001;
    await sync();
    expect([await bytes(), server.bytes.get(id)?.length]).toEqual([0, SIZE]);
  });
});
