import { beforeEach, describe, expect, test, vi } from 'vitest';
import { Phone } from '../src/store/phone';
import { UnsentOfAnotherError } from '../src/store/shown';
import { NotSavedError } from '../src/store/writes';
import { MOST_CHARACTERS } from '../src/store/journal';
import { afterContact } from '../src/store/time';
import { Device, settled } from './support/device';
import { json, ME, Server, SESSION } from './support/server';
import { offline, opened, restarted, type Running } from './support/signed-in';

const DAY = 86_400_000;
const note = (id: string, text = 'Pump hums') => ({ id, account_id: 'a1', text, written_at: '2026-11-21T12:00:00Z' });

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
const enter = (id: string, text?: string) => phone.phone.mutate('note.add', note(id, text));
const noted = () => server.effects.map(({ args }) => args['id']);

describe('a database that the browser removed', () => {
  test('loses nothing that was unsent: it is sent under a new client group, with the ids it had', async () => {
    const group = await phone.db.get('meta', 'client_group');
    const back = offline(device);
    const { id } = await enter('n1');
    await enter('n2');
    phone.tab.cut();
    device.evict('database');
    back();
    phone = await opened(device);
    expect(shown().lost.value).toEqual({ count: 0, since: '2026-11-21T12:00:00.000Z', saved: 2 });
    await sync();
    expect(noted()).toEqual(['n1', 'n2']);
    expect(server.effects[0]?.id).toBe(id);
    expect(await phone.db.get('meta', 'client_group')).not.toBe(group);
    expect(await phone.db.count('account')).toBe(1);
    expect(await phone.db.count('mutation')).toBe(0);
    phone.phone.lostRead();
    expect(shown().lost.value).toBeNull();
  });

  test('doubles nothing of which only the answer was missing', async () => {
    server.lose = 1;
    await enter('n1');
    await settled();
    phone.tab.cut();
    device.evict('database');
    phone = await opened(device);
    await sync();
    expect(noted()).toEqual(['n1']);
    expect(await phone.db.count('mutation')).toBe(0);
    expect(shown().unsent.value.count).toBe(0);
  });

  test('brings back what needed attention, as the server says it again', async () => {
    server.judge = () => ({ result: 'rejected', problem: { title: 'No' } });
    await enter('n1');
    await settled();
    phone.tab.cut();
    device.evict('database');
    phone = await opened(device);
    await sync();
    expect(shown().attention.value).toMatchObject([{ kind: 'rejected', problem: { title: 'No' }, mutation: { args: { id: 'n1' } } }]);
  });

  test('brings back a clash that is not settled, also when the rows were pulled since', async () => {
    const clash = { entity: 'account' as const, row_id: 'a1', field: 'phone', base: null, mine: '1', theirs: '2' };
    server.judge = () => ({ result: 'conflict', conflicts: [clash] });
    await phone.phone.mutate('account.change', { id: 'a1', fields: { phone: '1' }, base: { phone: null } });
    await settled();
    await sync();
    expect(await phone.db.count('mutation')).toBe(0);
    phone.tab.cut();
    device.evict('database');
    phone = await opened(device);
    await sync();
    expect(shown().attention.value).toMatchObject([{ kind: 'conflict', clash }]);
    await phone.phone.settle(shown().attention.value[0]?.id as string, 'theirs');
    expect(phone.phone.journal.of(ME.id)).toEqual([]);
  });

  test('says that a photo is gone, whether or not the server had heard of it, and sends no attachment without its bytes', async () => {
    const photo = () => phone.phone.attach(new Uint8Array(10), { account_id: 'a1', name: 'plate.jpg', media_type: 'image/jpeg' });
    const back = offline(device);
    await photo();
    await enter('n1');
    phone.tab.cut();
    device.evict('database');
    back();
    phone = await opened(device);
    expect(shown().lost.value).toMatchObject({ count: 1, saved: 1 });
    await sync();
    expect(server.effects.map(({ name }) => name)).toEqual(['note.add']);
    phone.phone.lostRead();

    const inner = device.fetch;
    device.fetch = async (path, request) => {
      if (request.method === 'PUT') throw new TypeError('Failed to fetch'); // of the bytes; the attachment is answered and pulled
      return inner(path, request);
    };
    await photo();
    await sync();
    expect(shown().unsent.value).toMatchObject({ count: 0, photos: 1 });
    phone.tab.cut();
    device.evict('database');
    device.fetch = inner;
    phone = await opened(device);
    expect(shown().lost.value).toMatchObject({ count: 1, saved: 0 });
  });

  test('says how many are gone and since when, where the journal had no room for them', async () => {
    const back = offline(device);
    await enter('n1', 'x'.repeat(MOST_CHARACTERS));
    device.clock += 60_000;
    await enter('n2');
    phone.tab.cut();
    device.evict('database');
    back();
    phone = await opened(device);
    expect(shown().lost.value).toEqual({ count: 1, since: '2026-11-21T12:00:00.000Z', saved: 1 });
  });

  test('is said also when nothing was unsent', async () => {
    phone.tab.cut();
    device.evict('database');
    phone = await opened(device);
    expect(shown().lost.value).toEqual({ count: 0, since: null, saved: 0 });
  });

  test('is said with no network too, and made good when there is one', async () => {
    const back = offline(device);
    await enter('n1');
    phone.tab.cut();
    device.evict('database');
    const tab = device.tab();
    const again = new Phone(tab);
    await again.begin();
    expect([again.shown.lost.value, again.shown.session.value]).toEqual([{ count: 0, since: '2026-11-21T12:00:00.000Z', saved: 1 }, null]);
    back();
    await device.advance(10_000);
    expect(noted()).toEqual(['n1']);
  });

  test('and the device revoked meanwhile: nothing comes back, and the journal goes too', async () => {
    offline(device);
    await enter('n1');
    phone.tab.cut();
    device.evict('database');
    device.fetch = async () => json({ type: '/docs/problems/device-revoked', title: 'Revoked' }, 401);
    await new Phone(device.tab()).begin();
    await settled();
    expect(device.texts.size).toBe(0);
  });

  test('is not given to somebody else, unless it is given up', async () => {
    const back = offline(device);
    await enter('n1');
    phone.tab.cut();
    device.evict('database');
    const other = new Phone(device.tab());
    await other.begin();
    back();
    const asNils = async () => json({ ...SESSION, user: { ...SESSION.user, id: 'u2', name: 'Nils' } });
    server.next = [asNils];
    await expect(other.signIn('nils@example.test', 'secret')).rejects.toThrow(UnsentOfAnotherError);
    server.next = [asNils];
    await other.signIn('nils@example.test', 'secret', true);
    await settled();
    expect(noted()).toEqual([]);
    expect([...device.texts.values()].join()).not.toContain('Pump hums'); // nothing of it stays for the next to read
  });

  test('with everything else: the phone starts from nothing', async () => {
    phone.tab.cut();
    device.evict('everything');
    phone = await opened(device);
    expect(shown().lost.value).toBeNull();
    expect(await phone.db.count('account')).toBe(1);
  });
});

describe('a power cut between database and journal', () => {
  test('after the database: the journal is completed at the next opening', async () => {
    offline(device);
    await enter('n1');
    for (const key of device.texts.keys()) if (key.startsWith('doorstep.unsent.')) device.texts.delete(key);
    phone = await restarted(phone);
    expect(phone.phone.journal.of(ME.id)).toHaveLength(1);
  });

  test('after the answer: what is done leaves the journal at the next opening', async () => {
    const back = offline(device);
    await enter('n1');
    const [key, entry] = [...device.texts].find(([name]) => name.startsWith('doorstep.unsent.'))!;
    back();
    await sync();
    device.texts.set(key, entry);
    phone = await restarted(phone);
    expect(phone.phone.journal.of(ME.id)).toEqual([]);
    expect(noted()).toEqual(['n1']);
  });
});

describe('what cannot be saved', () => {
  test.each([
    ['QuotaExceededError', 'full'],
    ['SecurityError', 'forbidden'],
    ['UnknownError', 'failed'],
  ])('for %s is said plainly, and nothing half is written', async (name, reason) => {
    const { put } = IDBObjectStore.prototype;
    IDBObjectStore.prototype.put = function (this: IDBObjectStore, ...args: [never]) {
      if (this.name === 'note') throw new DOMException('', name);
      return put.apply(this, args);
    };
    const failure = await enter('n1').catch((error: unknown) => error);
    IDBObjectStore.prototype.put = put;
    expect(failure).toBeInstanceOf(NotSavedError);
    expect((failure as NotSavedError).reason).toBe(reason);
    expect((failure as NotSavedError).message).toMatch(/nothing was saved/);
    expect([await phone.db.count('mutation'), await phone.db.count('note'), await phone.db.count('base')]).toEqual([0, 0, 0]);
    expect(phone.phone.journal.of(ME.id)).toEqual([]);
  });

  test('because nobody is signed in', async () => {
    await phone.phone.signOut();
    await expect(enter('n1')).rejects.toThrow(NotSavedError);
  });

  test('a journal without room is no reason not to save', async () => {
    offline(device);
    vi.spyOn(phone.tab.storage, 'setItem').mockImplementation(() => {
      throw new DOMException('', 'QuotaExceededError');
    });
    await enter('n1');
    expect(shown().unsent.value.count).toBe(1);
  });
});

describe('the clock', () => {
  test.each([DAY, -DAY])('off by %i ms: what is shown is by the server’s, what was made is kept as made, with the skew', async (off) => {
    const real = device.clock;
    device.clock += off;
    server.now = () => device.clock - off;
    await sync();
    expect(phone.phone.now().getTime()).toBe(real);
    expect(shown().checkedAt.value).toBe(new Date(real).toISOString());
    offline(device);
    await enter('n1');
    const [mutation] = await phone.db.getAll('mutation');
    expect(mutation).toMatchObject({ made_at: new Date(real + off).toISOString(), skew_ms: -off });
    expect(shown().unsent.value.since).toBe(new Date(real).toISOString());
  });

  test('months behind: ids are stamped by the server’s, of what is entered and of the rows that it makes, also after a restart', async () => {
    const real = device.clock;
    const behind = 200 * DAY;
    device.clock -= behind;
    server.now = () => device.clock + behind;
    await sync();
    const stamp = (id: string) => Number.parseInt(id.replace('-', '').slice(0, 12), 16);
    offline(device);
    expect(stamp(phone.phone.newId())).toBe(real);
    expect(stamp((await enter('n1')).id)).toBe(real);
    phone = await restarted(phone);
    expect(stamp((await enter('n2')).id)).toBe(real);
    expect((await phone.db.getAll('mutation')).map(({ made_at }) => Date.parse(made_at))).toEqual([real - behind, real - behind]);
  });

  test('an answer that took long says nothing about it', async () => {
    const inner = device.fetch;
    device.fetch = async (path, request) => {
      const answer = await inner(path, request);
      device.clock += 60_000;
      return answer;
    };
    await sync();
    expect(shown().skew.value).toBe(0);
  });
});

describe('what is known of the server’s clock', () => {
  const at = (ms: number) => new Date(ms).toISOString();
  const known = (skew_ms: number) => ({ seen: 0, contact: 0, skew_ms });

  test('is first the middle of what an answer allows', () => {
    expect(afterContact(undefined, 1_000, 1_200, at(5_100)).skew_ms).toBe(4_000);
    expect(afterContact(undefined, 1_000, 1_200, '1970-01-01T00:00:05Z').skew_ms).toBe(4_400);
  });

  test('does not jump with a slow answer: it moves no further than into what the answer allows', () => {
    expect(afterContact(known(3_950), 1_000, 1_200, at(5_100)).skew_ms).toBe(3_950);
    expect(afterContact(known(3_000), 1_000, 1_200, at(5_100)).skew_ms).toBe(3_900);
    expect(afterContact(known(9_000), 1_000, 1_200, at(5_100)).skew_ms).toBe(4_100);
    expect(afterContact(known(7), 1_000, 25_000, at(5_100)).skew_ms).toBe(7);
  });
});

describe('the offline lease', () => {
  const later = async (days: number) => {
    phone.tab.cut();
    device.clock += days * DAY;
    phone = await opened(device);
  };

  test('ends 14 days after the last contact: sign in before anything is shown; data and unsent work stay', async () => {
    const back = offline(device);
    await enter('n1');
    await later(13.9);
    expect(shown().leaseOver.value).toBe(false);
    await later(0.2);
    expect(shown().leaseOver.value).toBe(true);
    expect(await phone.db.count('mutation')).toBe(1);
    back();
    await sync();
    expect(noted()).toEqual([]);
    await phone.phone.signIn('elin@example.test', 'secret');
    await settled();
    expect(shown().leaseOver.value).toBe(false);
    expect(noted()).toEqual(['n1']);
  });

  test('is not lengthened by setting the clock back', async () => {
    offline(device);
    await later(10);
    await later(-9);
    expect(shown().leaseOver.value).toBe(false);
    await later(14);
    expect(shown().leaseOver.value).toBe(true);
    await later(-15);
    expect(shown().leaseOver.value).toBe(true);
  });

  test('ends also while the app is open', async () => {
    offline(device);
    device.clock += 15 * DAY;
    phone.tab.wake();
    await settled();
    expect(shown().leaseOver.value).toBe(true);
  });

  test('is as long as the server says', async () => {
    server.session = { ...SESSION, offline_lease_days: 2 };
    const refused = async () => json({ title: 'token' }, 403);
    server.next = [refused]; // the phone looks at the session anew
    await sync();
    offline(device);
    await later(3);
    expect(shown().leaseOver.value).toBe(true);
  });
});

describe('a revoked device', () => {
  test('is wiped at once: rows, unsent work, journal', async () => {
    const back = offline(device);
    await enter('n1');
    back();
    server.next = [async () => json({ type: '/docs/problems/device-revoked', title: 'Revoked' }, 401)];
    await sync();
    await settled();
    expect(device.texts.size).toBe(0);
    expect(await device.indexedDB.databases()).toEqual([]);
    expect(shown().session.value).toBeNull();
    expect(phone.tab.restarts).toBe(1);
    expect(noted()).toEqual([]);
  });

  test('stays wiped when the power is cut in the middle of it', async () => {
    server.next = [async () => json({ type: '/docs/problems/device-revoked', title: 'Revoked' }, 401)];
    const { indexedDB } = phone.tab;
    const deleteDatabase = () => {
      phone.tab.cut();
      throw new Error('no power');
    };
    vi.spyOn(phone.tab, 'indexedDB', 'get').mockReturnValue({ ...indexedDB, deleteDatabase } as never);
    void sync();
    await settled();
    expect((await device.indexedDB.databases()).length).toBe(1);
    const again = new Phone(device.tab());
    await again.begin();
    expect(again.shown.session.value).toBeNull();
    expect(await device.indexedDB.databases()).toEqual([]);
    expect(device.texts.size).toBe(0);
  });

  test('a session that merely ended keeps everything', async () => {
    offline(device)();
    server.session = null;
    await enter('n1');
    await settled();
    expect(shown().phoneState.value).toBe('sign-in');
    expect(await phone.db.count('mutation')).toBe(1);
    await phone.phone.signIn('elin@example.test', 'secret');
    await settled();
    expect(noted()).toEqual(['n1']);
  });
});

describe('signing out', () => {
  test('sends what is unsent first, then removes everything', async () => {
    const back = offline(device);
    await enter('n1');
    back();
    expect(await phone.phone.signOut()).toBe('told');
    expect(noted()).toEqual(['n1']);
    expect(device.texts.size).toBe(0);
    expect(await device.indexedDB.databases()).toEqual([]);
  });

  test('stops at what cannot be sent, which can be exported; then goes on when told to', async () => {
    offline(device);
    await enter('n1');
    expect(await phone.phone.signOut()).toBe('unsent');
    expect(shown().unsent.value.count).toBe(1);
    const file = await phone.phone.exportUnsent();
    expect(JSON.parse(await file.text())).toMatchObject({ of: 'Elin', unsent: [{ name: 'note.add', args: { id: 'n1' } }] });
    expect(await phone.phone.signOut(true)).toBe('owed');
    expect(await device.indexedDB.databases()).toEqual([]);
    expect([...device.texts.keys()]).toEqual(['doorstep.sign-out-owed']);
  });

  test.each(Array.from({ length: 12 }, (_, steps) => steps))(
    'takes nothing with it that another tab says it saved meanwhile, %i steps later', async (steps) => {
      const other = await opened(device);
      const leaving = phone.phone.signOut();
      for (let step = 0; step < steps; step += 1) await new Promise((next) => setImmediate(next));
      const saved = await other.phone.mutate('note.add', note('n9')).then(() => true, (error: unknown) => {
        expect(error).toBeInstanceOf(NotSavedError);
        return false;
      });
      const left = (await leaving) !== 'unsent';
      await settled();
      if (left) expect(noted().includes('n9')).toBe(saved);
      else expect(await phone.db.count('note')).toBe(1);
    },
  );

  test('that the server is told of at the next sign-in is no loss of data', async () => {
    const back = offline(device);
    expect(await phone.phone.signOut()).toBe('owed');
    const tab = device.tab();
    const next = new Phone(tab);
    await next.begin();
    back();
    await next.signIn('elin@example.test', 'secret');
    expect(tab.restarts).toBe(1);
    tab.cut();
    phone = await opened(device);
    expect([shown().session.value?.user.name, shown().lost.value]).toEqual(['Elin', null]);
    phone = await restarted(phone);
    expect(shown().session.value?.user.name).toBe('Elin');
  });

  test('stops at what needs attention', async () => {
    server.judge = () => ({ result: 'rejected', problem: {} });
    await enter('n1');
    await settled();
    expect(await phone.phone.signOut()).toBe('unsent');
  });

  test('in one tab empties the other', async () => {
    const other = await opened(device);
    await phone.phone.signOut();
    await settled();
    expect(other.tab.restarts).toBeGreaterThan(0);
    expect(other.phone.shown.database.value).toBeNull();
  });
});

test('signing in again brings nothing back that needs attention already', async () => {
  server.judge = () => ({ result: 'rejected', problem: {} });
  await enter('n1');
  await settled();
  const pushes = () => server.requests.filter(({ path }) => path.endsWith('push')).length;
  const before = pushes();
  await phone.phone.signIn('elin@example.test', 'secret');
  await settled();
  expect([pushes(), shown().attention.value.length, shown().lost.value]).toEqual([before, 1, null]);
});

test('signing in as somebody else is refused while there is unsent work of another, unless it is given up', async () => {
  const back = offline(device);
  await enter('n1');
  await settled();
  back();
  const nils = { ...SESSION, user: { ...SESSION.user, id: 'u2', name: 'Nils' } };
  const asNils = async () => json(nils);
  await expect(phone.phone.signIn('nils@example.test', 'secret')).rejects.toThrow(UnsentOfAnotherError);
  expect(await phone.db.count('mutation')).toBe(1);
  server.next = [asNils];
  await phone.phone.signIn('nils@example.test', 'secret', true);
  await settled();
  expect(shown().session.value?.user.name).toBe('Nils');
  expect(noted()).toEqual([]);
});

test('persistent storage is asked for when something is entered, and the answer kept', async () => {
  expect(shown().persisted.value).toBeNull();
  await enter('n1');
  await settled();
  expect(shown().persisted.value).toBe(true);
  phone = await restarted(phone);
  expect(shown().persisted.value).toBe(true);
});

describe('when to sync', () => {
  const pulls = () => server.requests.filter(({ path }) => path.endsWith('pull')).length;

  test('a poke pulls; the stream is held by one tab, and by the next when it goes', async () => {
    const other = await opened(device);
    expect([phone.tab.streams.length, other.tab.streams.length]).toEqual([1, 0]);
    const before = pulls();
    phone.tab.streams[0]?.say('poke');
    await settled();
    expect(pulls()).toBe(before + 1);
    phone.tab.cut();
    await settled();
    expect(other.tab.streams).toHaveLength(1);
  });

  test('a poke during a round is followed by another round', async () => {
    let release = () => undefined as void;
    const inner = device.fetch;
    device.fetch = async (path, request) => {
      const answer = await inner(path, request);
      if (path.endsWith('pull')) await new Promise<void>((done) => (release = done));
      return answer;
    };
    const round = phone.phone.syncNow();
    await settled();
    server.put('account', { id: 'a2', name: 'Hestra' });
    phone.tab.streams[0]?.say('poke');
    device.fetch = inner;
    release();
    await round;
    expect(await phone.db.count('account')).toBe(2);
  });

  test('without a stream it polls; with one, rarely', async () => {
    const before = pulls();
    await device.advance(95_000);
    expect(pulls() - before).toBe(3);
    phone.tab.streams[0]?.say('open');
    await settled();
    const then = pulls();
    await device.advance(290_000);
    expect(pulls() - then).toBe(0);
    await device.advance(20_000);
    expect(pulls() - then).toBe(1);
  });

  test('a stream that the server refuses is asked for again later', async () => {
    const [stream] = phone.tab.streams;
    stream!.close();
    stream!.onerror?.(undefined as never);
    await device.advance(61_000);
    expect(phone.tab.streams).toHaveLength(2);
  });

  test('a tab that nobody looks at asks for nothing, unless something is unsent', async () => {
    device.visible = false;
    phone.tab.wake();
    const before = pulls();
    await device.advance(300_000);
    expect(pulls()).toBe(before);
    const back = offline(device);
    await enter('n1');
    await settled();
    expect(phone.tab.backgroundSyncs).toBeGreaterThan(0);
    back();
    await device.advance(10_000);
    expect(noted()).toEqual(['n1']);
  });

  test('the page that is looked at again syncs at once', async () => {
    const before = pulls();
    phone.tab.wake();
    await settled();
    expect(pulls()).toBe(before + 1);
  });

  test('a server that says when to come back is believed', async () => {
    server.next = [async () => new Response('{"title":"Too many"}', { status: 429, headers: { 'retry-after': '100' } })];
    await sync();
    const before = pulls();
    await device.advance(99_000);
    expect(pulls()).toBe(before);
    await device.advance(2_000);
    expect(pulls()).toBe(before + 1);
  });
});
