import 'fake-indexeddb/auto';
import { beforeEach, describe, expect, test } from 'vitest';
import { call, RefusedError, UnreachableError } from '../src/store/api';
import { openDatabase, readMeta, writeMeta, type Database } from '../src/store/database';
import { groupOf } from '../src/store/group';
import { applyAnswer as applyAs, pull as pullAs, type PullAnswer } from '../src/store/pull';
import { Device, type Tab } from './support/device';
import { ME } from './support/server';

const AS_OF = '2026-11-21T07:40:00Z';
const account = (id: string, name: string) => ({ id, name });

let device: Device;
let tab: Tab;
let db: Database;
let asked: { client_group: string; cookie: string | null; schema: number }[];

beforeEach(async () => {
  device = new Device();
  tab = device.tab();
  db = await openDatabase(tab.indexedDB);
  asked = [];
});

/** A server that answers each pull with the next of `answers`. */
function server(...answers: (PullAnswer | Response)[]): void {
  device.fetch = async (_path, request) => {
    asked.push(JSON.parse(request.body as string));
    const answer = answers.shift();
    if (!answer) throw new TypeError('Failed to fetch');
    return answer instanceof Response ? answer : new Response(JSON.stringify(answer));
  };
}

const pull = async () => pullAs(db, await groupOf(db, tab), ME, (path, options) => call(tab, path, options));
const applyAnswer = (answer: PullAnswer) => applyAs(db, ME, answer);

const names = async () => (await db.getAll('account')).map((one) => one.name);

describe('a pull', () => {
  test('asks for everything the first time and for the difference afterwards, as the same phone', async () => {
    server({ cookie: 'c1', as_of: AS_OF, puts: { account: [account('a', 'Norrvik')] } }, { cookie: 'c1', as_of: AS_OF });
    expect((await pull()).changed).toBe(true);
    expect((await pull()).changed).toBe(false);
    expect(asked.map((one) => one.cookie)).toEqual([null, 'c1']);
    expect(asked[0]?.client_group).toBe(asked[1]?.client_group);
    expect(await names()).toEqual(['Norrvik']);
  });

  test('puts and deletes rows', async () => {
    server(
      { cookie: 'c1', as_of: AS_OF, puts: { account: [account('a', 'Norrvik'), account('b', 'Hestra')] } },
      { cookie: 'c2', as_of: AS_OF, puts: { account: [account('a', 'Norrvik Paper')] }, dels: { account: ['b'] } },
    );
    await pull();
    await pull();
    expect(await names()).toEqual(['Norrvik Paper']);
  });

  test('that resets leaves nothing of before', async () => {
    await applyAnswer({ cookie: 'c1', as_of: AS_OF, puts: { account: [account('a', 'Old')] } });
    await applyAnswer({ cookie: 'c2', as_of: AS_OF, reset: true, puts: { account: [account('b', 'New')] } });
    expect(await names()).toEqual(['New']);
  });

  test('that cannot be written changes neither rows nor cursor', async () => {
    await applyAnswer({ cookie: 'c1', as_of: AS_OF, puts: { account: [account('a', 'Norrvik')] } });
    const broken = { cookie: 'c2', as_of: AS_OF, puts: { account: [account('b', 'Fine'), { name: 'No id' }] } };
    await expect(applyAnswer(broken as PullAnswer)).rejects.toThrow();
    expect(await names()).toEqual(['Norrvik']);
    expect((await readMeta(db, 'cursor'))?.cookie).toBe('c1');
  });

  test('after a change of the row schema starts from nothing', async () => {
    await applyAnswer({ cookie: 'c1', as_of: AS_OF, puts: { account: [account('a', 'Old shape')] } });
    await writeMeta(db, 'cursor', { cookie: 'c1', as_of: AS_OF, schema: 0 });
    server({ cookie: 'c2', as_of: AS_OF, puts: { account: [account('b', 'New shape')] } });
    await pull();
    expect(asked[0]?.cookie).toBeNull();
    expect(await names()).toEqual(['New shape']);
  });

  test('leaves row types alone that this version does not know', async () => {
    await applyAnswer({ cookie: 'c1', as_of: AS_OF, puts: { robot: [{ id: 'r' }], account: [account('a', 'Norrvik')] } });
    expect(await names()).toEqual(['Norrvik']);
  });

  test('takes more rows than one batch', async () => {
    const many = Array.from({ length: 1234 }, (_, n) => account(`a${n}`, `Account ${n}`));
    await applyAnswer({ cookie: 'c1', as_of: AS_OF, puts: { account: many } });
    expect(await db.count('account')).toBe(1234);
  });
});

describe('a pull that fails leaves the phone as it was', () => {
  beforeEach(() => applyAnswer({ cookie: 'c1', as_of: AS_OF, puts: { account: [account('a', 'Norrvik')] } }));

  test.each([
    ['no network', () => undefined, UnreachableError],
    ['a server that is down', () => new Response('', { status: 503 }), UnreachableError],
    ['the page of a captive portal', () => new Response('<html>Accept our terms</html>'), UnreachableError],
    ['a session that has ended', () => new Response('{"title":"Sign in"}', { status: 401 }), RefusedError],
  ])('%s', async (_, answer, error) => {
    const response = answer();
    server(...(response ? [response] : []));
    await expect(pull()).rejects.toThrow(error);
    expect(await names()).toEqual(['Norrvik']);
    expect((await readMeta(db, 'cursor'))?.cookie).toBe('c1');
  });
});

test('a cookie that the server cannot use is given up, and everything is fetched anew', async () => {
  const refused = new Response(JSON.stringify({ type: '/docs/problems/future-cookie', title: 'Cookie not given yet' }), {
    status: 409,
  });
  server(
    { cookie: 'c1', as_of: AS_OF, puts: { account: [account('a', 'Norrvik')] } },
    refused,
    { cookie: 'c2', as_of: AS_OF, reset: true, puts: { account: [account('b', 'Hestra')] } },
  );
  await pull();
  await pull();
  expect(asked.map((one) => one.cookie)).toEqual([null, 'c1', null]);
  expect(await names()).toEqual(['Hestra']);
});
