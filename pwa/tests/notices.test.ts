/** Notices before a visit: stored, then shown, once, to the one whose they are; and what a tap does. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { readVisit, readVisits } from '../src/store/reads';
import { settled } from './support/device';
import { Device } from './support/device';
import { json, Server } from './support/server';
import { offline, opened, restarted, type Running } from './support/signed-in';
import { Worker } from './support/worker';

let device: Device;
let server: Server;
let phone: Running;
let worker: Worker;

const VISIT = {
  id: 'v1', account_id: 'a1', user_id: 'u1', starts_at: '2026-11-21T14:00:00Z', ends_at: '2026-11-21T15:00:00Z',
  time_zone: 'Europe/Stockholm', status: 'planned',
};
const evidence = (label: string) => [{ type: 'ticket', id: label, source: 'desk', as_of: '2026-11-21T12:50:00Z', label }];
const briefing = (as_of: string, label: string) => ({
  id: 'b1', account_id: 'a1', visit_id: 'v1', as_of, evidence: evidence(label),
  cards: [{ kind: 'before', lines: [{ kind: 'ticket.sla_breached', facts: { number: label }, evidence: [0], weight: 1 }] }],
});

/** What the push service hands over, decrypted. */
function message(notice: string, sent_at: string, more: object = {}, title = '15:00 Norrvik'): object {
  const data = {
    kind: 'briefing', notice, user_id: 'u1', sent_at, visit: VISIT, account_id: 'a1', account: { id: 'a1', name: 'Norrvik' },
    briefing: briefing(sent_at, 'Ticket 4812'), phone: '+46 70 123', place: 'Bruksgatan 4, Gävle', ...more,
  };
  return {
    web_push: 8030, mutable: true,
    notification: { title, body: 'Ticket 4812 is late', navigate: 'https://doorstep.example/visits/v1', tag: 'v1', lang: 'en', data },
  };
}

beforeEach(async () => {
  device = new Device();
  server = new Server();
  phone = await opened(device, server);
  worker = await Worker.start(device);
});

afterEach(() => void vi.restoreAllMocks());

const page = (id = 'v1') => readVisit(phone.db, id);
const firstTicket = async () => (await page())?.briefing?.cards[0]?.lines?.[0]?.facts['number'];

test('a visit that no pull ever brought can be read, and stays readable after the app was closed', async () => {
  offline(device);
  await worker.push(message('n1', '2026-11-21T13:00:00Z'));
  expect(worker.shown.map(({ title, body, tag }) => [title, body, tag])).toEqual([['15:00 Norrvik', 'Ticket 4812 is late', 'v1']]);
  phone = await restarted(phone);
  expect(await page()).toMatchObject({ visit: { id: 'v1', starts_at: VISIT.starts_at }, account: { name: 'Norrvik' } });
  expect(await firstTicket()).toBe('Ticket 4812');
});

test('a phone that has no room left says that there is something, and nothing of whom', async () => {
  const full = vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(() => {
    throw new DOMException('no room', 'QuotaExceededError');
  });
  await worker.push(message('n1', '2026-11-21T13:00:00Z'));
  full.mockRestore();
  expect(worker.shown.map(({ title, tag }) => [title, tag])).toEqual([['Doorstep', 'door']]);
  await worker.push(message('n1', '2026-11-21T13:00:00Z'));
  expect(worker.shown.map(({ title }) => title)).toEqual(['Doorstep', '15:00 Norrvik']);
});

test('such a visit stands in its place among those of the day', async () => {
  server.put('visit', { ...VISIT, id: 'v0', starts_at: '2026-11-21T13:30:00Z' }, { ...VISIT, id: 'v2', starts_at: '2026-11-21T15:30:00Z' });
  await phone.phone.syncNow(true);
  await worker.push(message('n1', '2026-11-21T13:00:00Z'));
  const day = () => readVisits(phone.db, '2026-11-21T00:00:00Z', '2026-11-22T00:00:00Z', 'u1');
  expect((await day()).map(({ visit, account }) => [visit.id, account?.name])).toEqual([['v0', undefined], ['v1', 'Norrvik'], ['v2', undefined]]);
  await worker.push(message('n2', '2026-11-21T13:10:00Z', { kind: 'update', visit: { ...VISIT, status: 'cancelled' } }));
  expect((await day()).map(({ visit }) => visit.id)).toEqual(['v0', 'v2']);
});

test('is stored before it is shown', async () => {
  const order: string[] = [];
  const show = vi.spyOn((self as unknown as { registration: { showNotification: () => Promise<void> } }).registration, 'showNotification');
  show.mockImplementation(async () => void order.push((await phone.db.get('pushed', 'v1')) ? 'stored' : 'nothing stored'));
  await worker.push(message('n1', '2026-11-21T13:00:00Z'));
  expect(order).toEqual(['stored']);
});

test('Safari, which hands over the notification and no data, gets the same', async () => {
  const { notification } = message('n1', '2026-11-21T13:00:00Z') as { notification: object };
  await worker.happens('push', { data: null, notification });
  expect(worker.shown).toHaveLength(1);
  expect(await firstTicket()).toBe('Ticket 4812');
});

test('the same notice is shown once, whoever delivers it twice; an update takes its place and is heard', async () => {
  await worker.push(message('n1', '2026-11-21T13:00:00Z'));
  await worker.push(message('n1', '2026-11-21T13:00:00Z'));
  expect(worker.shown).toHaveLength(1);
  await worker.push(message('n2', '2026-11-21T13:20:00Z', { kind: 'update' }, 'Norrvik: something new'));
  expect([...worker.there.values()].map(({ title, renotify }) => [title, renotify])).toEqual([['Norrvik: something new', true]]);
});

test('only the latest notices are remembered', async () => {
  for (let n = 0; n < 60; n += 1) await worker.push(message(`n${n}`, '2026-11-21T13:00:00Z'));
  expect(await phone.db.get('meta', 'notices')).toEqual(Array.from({ length: 50 }, (_, n) => `n${n + 10}`));
});

describe('of two truths, the later one is read', () => {
  test('a notice that arrives late, after a newer one', async () => {
    await worker.push(message('n2', '2026-11-21T13:20:00Z', { briefing: briefing('2026-11-21T13:20:00Z', 'Ticket 5000') }));
    await worker.push(message('n1', '2026-11-21T13:00:00Z'));
    expect(await firstTicket()).toBe('Ticket 5000');
  });

  test('a notice that was sent before the last pull stores nothing', async () => {
    server.put('visit', VISIT);
    server.put('briefing', briefing('2026-11-21T11:59:00Z', 'Ticket 1'));
    device.clock = Date.parse('2026-11-21T13:10:00Z');
    await phone.phone.syncNow(true);
    await worker.push(message('n1', '2026-11-21T13:00:00Z'));
    expect(worker.shown).toHaveLength(1);
    expect(await phone.db.count('pushed')).toBe(0);
    expect(await firstTicket()).toBe('Ticket 1');
  });

  test('news since the last pull stands first, before what was pulled', async () => {
    server.put('account', { id: 'a1', name: 'Norrvik Paper' });
    server.put('visit', { ...VISIT, purpose: 'Spares' });
    const pulled = briefing('2026-11-21T11:59:00Z', 'Ticket 1');
    server.put('briefing', { ...pulled, cards: [...pulled.cards, { kind: 'usage', lines: [{ kind: 'usage.falling', facts: {}, evidence: [0], weight: 1 }] }] });
    await phone.phone.syncNow(true);
    const moved = { ...VISIT, starts_at: '2026-11-21T14:30:00Z', ends_at: '2026-11-21T15:30:00Z' };
    await worker.push(message('n1', '2026-11-21T13:00:00Z', { visit: moved }));
    const read = await page();
    expect(read).toMatchObject({ visit: { starts_at: moved.starts_at, purpose: 'Spares' }, account: { name: 'Norrvik Paper' } });
    expect(read?.briefing?.cards.map(({ kind }) => kind)).toEqual(['before', 'usage']);
    const [first, usage] = read?.briefing?.cards.map(({ lines }) => lines?.[0]) ?? [];
    expect([first, usage].map((line) => read?.briefing?.evidence[line?.evidence[0] as number]?.label)).toEqual(['Ticket 4812', 'Ticket 1']);
  });

  test('what the rep moved on this phone stays where they put it', async () => {
    server.put('visit', VISIT);
    await phone.phone.syncNow(true);
    offline(device);
    await phone.phone.mutate('visit.change', { id: 'v1', fields: { starts_at: '2026-11-21T17:00:00Z' }, base: { starts_at: VISIT.starts_at } });
    await worker.push(message('n1', '2026-11-21T13:00:00Z'));
    expect((await page())?.visit.starts_at).toBe('2026-11-21T17:00:00Z');
  });

  test('a pull that is newer leaves nothing of the notice, also where the rep lost the account', async () => {
    await worker.push(message('n1', '2026-11-21T13:00:00Z'));
    expect(await page()).not.toBeNull();
    device.clock = Date.parse('2026-11-21T13:05:00Z');
    await phone.phone.syncNow(true);
    expect(await page()).toBeNull();
  });
});

describe('a phone that is not for it', () => {
  const NOTHING = [['Doorstep', 'Open the app to see what is new.', undefined]];
  const shown = () => worker.shown.map(({ title, body, data }) => [title, body, data]);

  test('shows nothing of a customer when somebody else has it', async () => {
    await worker.push(message('n1', '2026-11-21T13:00:00Z', { user_id: 'u2' }));
    expect(shown()).toEqual(NOTHING);
    expect(await phone.db.count('pushed')).toBe(0);
  });

  test('nor when nobody is signed in, and makes no database', async () => {
    phone.tab.cut();
    vi.stubGlobal('indexedDB', new Device().indexedDB);
    await worker.push(message('n1', '2026-11-21T13:00:00Z'));
    expect(shown()).toEqual(NOTHING);
    expect(await indexedDB.databases()).toEqual([]);
  });

  test('nor after its lease', async () => {
    device.clock += 15 * 86_400_000;
    await worker.push(message('n1', '2026-12-06T13:00:00Z'));
    expect(shown()).toEqual(NOTHING);
    expect(await phone.db.count('pushed')).toBe(0);
  });

  test('nor of a message that is none of ours', async () => {
    await worker.push({ web_push: 8030, notification: { title: 'You have won', navigate: 'https://elsewhere.example/' } });
    expect(shown()).toEqual(NOTHING);
  });

  test('takes a test all the same', async () => {
    await worker.push({ notification: { title: 'This device takes notices', tag: 'test', data: { kind: 'test', notice: 't1' } } });
    expect(shown().map(([title]) => title)).toEqual(['This device takes notices']);
    await worker.tap('test');
    expect(worker.opened).toEqual(['/me/notices']);
  });
});

describe('a tap', () => {
  beforeEach(() => worker.push(message('n1', '2026-11-21T13:00:00Z')));

  test('opens the briefing in a new page where none is open', async () => {
    await worker.tap('v1');
    expect(worker.opened).toEqual(['/visits/v1']);
    expect(worker.there.size).toBe(0);
  });

  test('brings the page that is open to the front and tells it where to go; a customer\'s page is none of ours', async () => {
    const pages = ['https://doorstep.example/q/secret', 'https://doorstep.example/accounts'];
    worker.pages = pages.map((url) => ({ url, told: [], focused: false }));
    await worker.tap('v1', 'open');
    expect(worker.pages.map(({ told, focused }) => [told, focused])).toEqual([[[], false], [[{ go: '/visits/v1' }], true]]);
    expect(worker.opened).toEqual([]);
  });

  test('on directions or call leads there; where no app takes it, to the page with the same button', async () => {
    const actions = worker.there.get('v1')?.actions ?? [];
    expect(actions.map(({ title }) => title)).toEqual(['Directions', 'Call', 'In 10 minutes', 'Open']);
    await worker.tap('v1', actions[0]?.action);
    await worker.push(message('n2', '2026-11-21T13:00:00Z'));
    worker.refused = /^tel:/;
    await worker.tap('v1', actions[1]?.action);
    expect(worker.opened).toEqual(['geo:0,0?q=Bruksgatan%204%2C%20G%C3%A4vle', '/visits/v1']);
  });

  test('offers only what there is', async () => {
    await worker.push(message('n2', '2026-11-21T13:00:00Z', { phone: null, place: null }));
    expect(worker.there.get('v1')?.actions?.map(({ title }) => title)).toEqual(['In 10 minutes', 'Open']);
  });

  test('on snooze asks the server to send it again; with no network or refused it stays where it is', async () => {
    const back = offline(device);
    await worker.tap('v1', 'snooze');
    expect(worker.there.size).toBe(1);
    back();
    server.next = [async () => json({ title: 'Too late' }, 409)];
    await worker.tap('v1', 'snooze');
    expect(worker.there.size).toBe(1);
    let asked = '';
    device.fetch = async (path, { method, headers }) => {
      asked = `${method} ${path} ${(headers as Record<string, string>)['x-csrf-token']}`;
      return new Response(null, { status: 202 });
    };
    await worker.tap('v1', 'snooze');
    expect(asked).toBe('POST /api/v1/notices/n1:snooze token');
    expect(worker.there.size).toBe(0);
  });
});

describe('a subscription that the browser renews', () => {
  const asked: [string, string, unknown][] = [];
  beforeEach(async () => {
    asked.length = 0;
    device.fetch = async (path, { method = '', body }) => {
      asked.push([method, path, JSON.parse(body as string)]);
      return json({});
    };
  });

  test('is told to the server', async () => {
    await phone.db.put('meta', { id: 'd1', endpoint: 'https://push.example/old' }, 'push_device');
    await worker.happens('pushsubscriptionchange', { newSubscription: { endpoint: 'https://push.example/s', keys: {} } });
    await worker.happens('pushsubscriptionchange', { oldSubscription: { options: { userVisibleOnly: true } } });
    expect(asked).toEqual([
      ['PATCH', '/api/v1/push/devices/d1', { endpoint: 'https://push.example/s', keys: {} }],
      ['PATCH', '/api/v1/push/devices/d1', { endpoint: 'https://push.example/new', keys: {} }],
    ]);
    expect(worker.subscribed).toEqual([{ userVisibleOnly: true }]);
  });

  test('and is nobody\'s business where notices were never switched on', async () => {
    await worker.happens('pushsubscriptionchange', { newSubscription: { endpoint: 'https://push.example/s', keys: {} } });
    expect(asked).toEqual([]);
  });
});

test('the second script is imported when the worker is installed, and read once', async () => {
  vi.stubGlobal('caches', { open: async () => ({}), keys: async () => [] });
  await worker.happens('install');
  expect(worker.imports).toBe(1);
  await worker.push(message('n1', '2026-11-21T13:00:00Z'));
  await settled();
  expect(worker.imports).toBe(1);
});
