import { beforeEach, describe, expect, test } from 'vitest';
import { readMeta } from '../src/store/database';
import { Phone } from '../src/store/phone';
import { retryDelay } from '../src/store/syncer';
import { Device, settled, type Tab } from './support/device';
import { SESSION } from './support/server';

const AS_OF = '2026-11-21T12:00:00.000Z';
const answer = { cookie: 'c1', as_of: AS_OF, puts: { account: [{ id: 'a', name: 'Norrvik' }] } };

let device: Device;
let tab: Tab;
let phone: Phone;
let requests: { path: string; csrf: string | undefined }[];

type Reply = () => Response | Promise<Response>;
const ok = (body: unknown): Reply => () => new Response(JSON.stringify(body));
const refused = (status: number, body = {}, headers = {}): Reply => () => new Response(JSON.stringify(body), { status, headers });
const noNetwork: Reply = () => Promise.reject(new TypeError('Failed to fetch'));

function server(...replies: Reply[]): void {
  device.fetch = async (path, request) => {
    requests.push({ path, csrf: (request.headers as Record<string, string>)['x-csrf-token'] });
    return (replies.shift() ?? noNetwork)();
  };
}

/** A phone that is signed in, whose first sync found no network. */
beforeEach(async () => {
  device = new Device();
  tab = device.tab();
  phone = new Phone(tab);
  requests = [];
  server(ok(SESSION));
  await phone.begin();
  await phone.signIn('elin@example.test', 'secret');
  await settled();
  await phone.syncNow();
  phone.shown.offlineSince.value = null;
  requests = [];
});

const count = () => phone.shown.database.value!.count('account');

describe('what the rep is told', () => {
  test('after a pull: what was pulled and when it is of', async () => {
    server(ok(answer));
    const version = phone.shown.dataVersion.value;
    await phone.syncNow();
    expect([phone.shown.phoneState.value, phone.shown.asOf.value]).toEqual(['current', AS_OF]);
    expect(phone.shown.dataVersion.value).toBe(version + 1);
  });

  test('with no network: offline since the first request that failed, also after a restart', async () => {
    server(ok(answer), noNetwork, noNetwork);
    await phone.syncNow();
    await phone.syncNow();
    await phone.syncNow();
    expect([phone.shown.phoneState.value, phone.shown.offlineSince.value]).toEqual(['offline', AS_OF]);
    expect((await readMeta(phone.shown.database.value!, 'contact'))?.offline_since).toBe(AS_OF);
    expect(await count()).toBe(1);
  });

  test('when the network is back: current again', async () => {
    server(noNetwork, ok(answer));
    await phone.syncNow();
    await phone.syncNow();
    expect([phone.shown.phoneState.value, phone.shown.offlineSince.value]).toEqual(['current', null]);
  });

  test('when the session has ended: sign in again, with the rows still there', async () => {
    server(ok(answer), refused(401));
    await phone.syncNow();
    await phone.syncNow();
    expect(phone.shown.phoneState.value).toBe('sign-in');
    expect(await count()).toBe(1);
  });

  test('when the server refuses: its own words, until it accepts', async () => {
    server(refused(400, { detail: 'This app is too old.' }), ok(answer));
    await phone.syncNow();
    expect([phone.shown.phoneState.value, phone.shown.refusal.value]).toEqual(['refused', 'This app is too old.']);
    await phone.syncNow();
    expect(phone.shown.phoneState.value).toBe('current');
  });

  test('a pull that changes nothing makes no screen read again', async () => {
    server(ok(answer), ok({ cookie: 'c1', as_of: AS_OF }));
    await phone.syncNow();
    const version = phone.shown.dataVersion.value;
    await phone.syncNow();
    expect(phone.shown.dataVersion.value).toBe(version);
  });
});

describe('a refused CSRF token', () => {
  test('is renewed once, from the session', async () => {
    server(refused(403), ok({ ...SESSION, csrf_token: 'second' }), ok(answer));
    await phone.syncNow();
    expect(requests.map((one) => one.csrf)).toEqual(['token', undefined, 'second']);
    expect((await readMeta(phone.shown.database.value!, 'session'))?.csrf_token).toBe('second');
    expect(phone.shown.phoneState.value).toBe('current');
  });

  test('of a session that is somebody else’s asks to sign in, and pulls nothing of theirs', async () => {
    server(refused(403), ok({ ...SESSION, user: { ...SESSION.user, id: 'u2' } }), ok(answer));
    await phone.syncNow();
    expect(phone.shown.phoneState.value).toBe('sign-in');
    expect(requests).toHaveLength(2);
  });
});

test('one puller across tabs: where another tab holds the lock, nothing is asked', async () => {
  server(ok(answer));
  device.held.set('doorstep-sync', device.tab());
  await phone.syncNow();
  expect(requests).toEqual([]);
});

test('two calls at once are one pull', async () => {
  server(ok(answer), ok(answer));
  await Promise.all([phone.syncNow(), phone.syncNow()]);
  expect(requests).toHaveLength(1);
});

test('retries back off to five minutes, between half and the whole of it', () => {
  expect([1, 2, 3, 8, 50].map((failures) => retryDelay(failures, 1))).toEqual([3000, 6000, 12_000, 300_000, 300_000]);
  expect(retryDelay(2, 0)).toBe(3000);
});
