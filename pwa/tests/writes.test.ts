import { unwrap } from 'idb';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import type { Account } from '../src/store/rows';
import { overTheirs } from '../src/store/writes';
import { Device, settled } from './support/device';
import { ME, Server } from './support/server';
import { offline, opened, restarted, shownRows, type Running } from './support/signed-in';

const NORRVIK = { id: 'a1', name: 'Norrvik', phone: '1', employees: 40, aliases: ['Norr'], address: { city: 'Umeå', street: 'Storgatan 1' } };
const VISIT = { account_id: 'a1', starts_at: '2026-11-23T09:00:00Z', ends_at: '2026-11-23T10:00:00Z', time_zone: 'Europe/Stockholm' };

let device: Device;
let server: Server;
let phone: Running;

beforeEach(async () => {
  device = new Device();
  server = new Server();
  server.put('account', NORRVIK);
  phone = await opened(device, server);
});

const shown = () => phone.phone.shown;
const note = (id: string, text = 'Pump hums') => ({ id, account_id: 'a1', text, written_at: '2026-11-21T12:00:00Z' });
const account = async () => (await phone.db.get('account', 'a1')) as Account;
const sync = () => phone.phone.syncNow(true);
const change = (fields: object, base: object) => phone.phone.mutate('account.change', { id: 'a1', fields, base });

describe('what is saved', () => {
  test('is shown at once, also with no network, and said to be unsent since then', async () => {
    offline(device);
    await phone.phone.mutate('note.add', note('n1'));
    expect(await phone.db.get('note', 'n1')).toMatchObject({ text: 'Pump hums', author: ME.name, user_id: ME.id });
    expect(shown().unsent.value).toEqual({ count: 1, since: '2026-11-21T12:00:00.000Z', photos: 0 });
  });

  test('is on the disk before the rep is told, and so is every answer to what needs attention', async () => {
    const began = vi.spyOn(unwrap(phone.db), 'transaction');
    const durable = () => began.mock.calls.flatMap(([stores, mode, options]) =>
      (mode === 'readwrite' && [...stores].includes('mutation') ? [options?.durability] : []));
    offline(device);
    await phone.phone.mutate('note.add', note('n1'));
    expect(durable()[0]).toBe('strict');
    for (const answer of [() => phone.phone.settle('x', 'mine'), () => phone.phone.resend('x'), () => phone.phone.discard('x')]) {
      began.mockClear();
      await answer();
      expect(durable()[0]).toBe('strict');
    }
    began.mockRestore();
  });

  test('outlives a cut of the power, and is sent once when there is a network', async () => {
    const back = offline(device);
    await phone.phone.mutate('note.add', note('n1'));
    phone = await restarted(phone);
    expect(shown().unsent.value.count).toBe(1);
    back();
    await sync();
    expect(server.effects.map(({ args }) => args['id'])).toEqual(['n1']);
    expect(shown().unsent.value.count).toBe(0);
    expect(await phone.db.count('mutation')).toBe(0);
    expect(await phone.db.count('base')).toBe(0);
  });

  test('whose answer is lost is sent again with the same id, and has its effect once', async () => {
    server.lose = 1;
    await phone.phone.mutate('note.add', note('n1'));
    await settled();
    expect(shown().unsent.value.count).toBe(1);
    await sync();
    await sync();
    expect(server.effects).toHaveLength(1);
    expect(await phone.db.count('mutation')).toBe(0);
    expect(await phone.db.count('note')).toBe(1);
  });

  test('several together are one: none is kept when one cannot be', async () => {
    const good = { name: 'note.add' as const, args: note('n1') };
    const bad = { name: 'note.add' as const, args: { ...note('n2'), text: (() => 'cannot be stored') as never } };
    await expect(phone.phone.mutateAll([good, bad])).rejects.toThrow('nothing was saved');
    expect(await phone.db.count('mutation')).toBe(0);
    expect(await phone.db.count('note')).toBe(0);
  });

  test('takes what it was typed as with it, in the same transaction: it is offered again only when it was not saved', async () => {
    const key = 'typed /accounts/a1/note' as 'clock'; // any key of what is kept beside rows
    await phone.db.put('meta', { path: '/accounts/a1/note' } as never, key);
    const bad = { name: 'note.add' as const, args: { ...note('n2'), text: (() => 'cannot be stored') as never } };
    await expect(phone.phone.mutateAll([bad], [], { forget: key })).rejects.toThrow('nothing was saved');
    expect(await phone.db.count('meta', key)).toBe(1);
    let whenSaid = -1;
    const safe = async () => void (whenSaid = await phone.db.count('meta', key));
    await phone.phone.mutateAll([{ name: 'note.add', args: note('n1') }], [], { forget: key, safe });
    expect(whenSaid).toBe(0);
  });

  test('in one order is sent in that order, in batches', async () => {
    const back = offline(device);
    for (let n = 0; n < 120; n += 1) await phone.phone.mutate('note.add', note(`n${n}`));
    back();
    await sync();
    expect(server.effects.map(({ args }) => args['id'])).toEqual(Array.from({ length: 120 }, (_, n) => `n${n}`));
    const sizes = server.requests.filter(({ path }) => path.endsWith('push')).map(({ body }) => (body as { mutations: [] }).mutations.length);
    expect(sizes).toEqual([50, 50, 20]);
  });

  test('while a round is under way goes out with a following one', async () => {
    let release = () => undefined as void;
    const inner = device.fetch;
    device.fetch = async (path, request) => {
      if (path.endsWith('pull')) await new Promise<void>((done) => (release = done));
      return inner(path, request);
    };
    const round = phone.phone.syncNow();
    await settled();
    await phone.phone.mutate('note.add', note('n1'));
    device.fetch = inner;
    release();
    await round;
    await settled();
    expect(server.effects).toHaveLength(1);
  });

  test('in one tab while another tab syncs is sent too, and both tabs show it', async () => {
    let release = () => undefined as void;
    const inner = device.fetch;
    const other = await opened(device);
    device.fetch = async (path, request) => {
      if (path.endsWith('pull')) await new Promise<void>((done) => (release = done));
      return inner(path, request);
    };
    void other.phone.syncNow();
    await settled();
    await phone.phone.mutate('note.add', note('n1'));
    await settled();
    expect(other.phone.shown.unsent.value.count).toBe(1);
    device.fetch = inner;
    release();
    await settled();
    expect(server.effects).toHaveLength(1);
    expect(other.phone.shown.unsent.value.count).toBe(0);
  });
});

describe('sequence numbers', () => {
  test('that the server does not expect are given anew, and nothing is lost or doubled', async () => {
    await phone.phone.mutate('note.add', note('n1'));
    await settled();
    const group = (await phone.db.get('meta', 'client_group')) as string;
    for (const last of [0, 7]) {
      server.last.set(group, last); // restored from a backup; then ahead of the phone
      await phone.phone.mutate('note.add', note(`after-${last}`));
      await settled();
    }
    expect(server.effects.map(({ args }) => args['id'])).toEqual(['n1', 'after-0', 'after-7']);
    expect(shown().unsent.value.count).toBe(0);
    expect(await phone.db.count('mutation')).toBe(0);
  });

  test('a server that forgot what it had answered is sent it again', async () => {
    const inner = device.fetch;
    device.fetch = (path, request) => (path.endsWith('pull') ? Promise.reject(new TypeError('cut')) : inner(path, request));
    await phone.phone.mutate('note.add', note('n1'));
    await settled();
    server.last.clear();
    server.done.clear();
    server.effects = [];
    server.rows.delete('note,n1');
    device.fetch = inner;
    await sync();
    await sync();
    expect(server.effects).toHaveLength(1);
    expect(await phone.db.get('note', 'n1')).toBeDefined();
  });

  test('a client group that is another’s is given up, and what is unsent goes under a new one', async () => {
    const before = await phone.db.get('meta', 'client_group');
    const refused = { type: '/docs/problems/client-group-of-another', title: 'Not yours' };
    server.next = [async () => new Response(JSON.stringify(refused), { status: 403 })];
    await phone.phone.mutate('note.add', note('n1'));
    await settled();
    expect(await phone.db.get('meta', 'client_group')).not.toBe(before);
    expect(server.effects).toHaveLength(1);
    expect(await phone.db.count('mutation')).toBe(0);
  });
});

describe('what the server rejects', () => {
  beforeEach(async () => {
    server.judge = ({ args }) => (args['id'] === 'v1' ? { result: 'rejected', problem: { title: 'No visits on Mondays' } } : undefined);
    const back = offline(device);
    await phone.phone.mutate('visit.plan', { id: 'v1', ...VISIT });
    await phone.phone.mutate('note.add', { ...note('n1'), visit_id: 'v1' });
    await phone.phone.mutate('visit.log', { id: 'v1', outcome: 'Sold', done_at: '2026-11-23T10:00:00Z' });
    await phone.phone.mutate('note.add', note('n2', 'On its own'));
    back();
    await sync();
  });

  test('is undone and needs attention, with everything that was made on top of it; what is behind it is not held up', async () => {
    expect(shown().attention.value).toMatchObject([
      { kind: 'rejected', problem: { title: 'No visits on Mondays' }, mutation: { name: 'visit.plan' }, children: [{ name: 'note.add' }, { name: 'visit.log' }] },
    ]);
    expect(server.effects.map(({ args }) => args['id'])).toEqual(['n2']);
    expect((await phone.db.getAllKeys('note'))).toEqual(['n2']);
    expect(await phone.db.count('visit')).toBe(0);
    expect(shown().unsent.value.count).toBe(0);
  });

  test('is sent again, edited, as new mutations with the children after it', async () => {
    server.judge = () => undefined;
    const [item] = shown().attention.value;
    const old = [item!.mutation.id, ...(item as { children: { id: string }[] }).children.map(({ id }) => id)];
    await phone.phone.resend(item!.id, { ...item!.mutation.args, place: 'Reception' });
    await settled();
    expect(shown().attention.value).toEqual([]);
    expect(server.effects.map(({ name }) => name)).toEqual(['note.add', 'visit.plan', 'note.add', 'visit.log']);
    expect(server.effects.some(({ id }) => old.includes(id))).toBe(false);
    expect(await phone.db.get('visit', 'v1')).toMatchObject({ place: 'Reception', status: 'done', outcome: 'Sold' });
  });

  test('can be given up for good', async () => {
    await phone.phone.discard(shown().attention.value[0]!.id);
    expect(shown().attention.value).toEqual([]);
    expect(phone.phone.journal.of(ME.id)).toEqual([]);
    phone = await restarted(phone);
    expect(shown().attention.value).toEqual([]);
  });

  test('is in the file that can be exported', async () => {
    const file = JSON.parse(await (await phone.phone.exportUnsent()).text());
    expect(file.needs_attention[0].children).toHaveLength(2);
  });
});

test('a child that is rejected in a later push joins its parent', async () => {
  server.judge = ({ args }) => (args['id'] === 'v1' ? { result: 'rejected', problem: {} } : undefined);
  await phone.phone.mutate('visit.plan', { id: 'v1', ...VISIT });
  // made before the answer came, so that it still depends on the parent
  await phone.phone.mutate('note.add', { ...note('n1'), visit_id: 'v1' });
  await settled();
  await sync();
  expect(shown().attention.value).toMatchObject([{ mutation: { name: 'visit.plan' }, children: [{ name: 'note.add' }] }]);
});

test('children that were not sent yet go with their parent, and are never sent', async () => {
  server.judge = ({ args }) => (args['id'] === 'v1' ? { result: 'rejected', problem: {} } : undefined);
  const back = offline(device);
  await phone.phone.mutate('visit.plan', { id: 'v1', ...VISIT });
  for (let n = 0; n < 50; n += 1) await phone.phone.mutate('note.add', note(`n${n}`));
  await phone.phone.mutate('visit.log', { id: 'v1', outcome: 'Sold', done_at: '2026-11-23T10:00:00Z' });
  await settled();
  back();
  await sync();
  expect(shown().attention.value).toMatchObject([{ mutation: { name: 'visit.plan' }, children: [{ name: 'visit.log' }] }]);
  const sent = server.requests.filter(({ path }) => path.endsWith('push')).flatMap(({ body }) => (body as { mutations: { name: string }[] }).mutations);
  expect(sent.map(({ name }) => name)).not.toContain('visit.log');
});

test('children of what is kept for a manager are sent too, so that the manager gets them, and join it', async () => {
  server.judge = ({ args }) => (args['id'] === 'v1' ? { result: 'rejected', draft: 'd1', problem: {} } : undefined);
  const back = offline(device);
  await phone.phone.mutate('visit.plan', { id: 'v1', ...VISIT });
  for (let n = 0; n < 50; n += 1) await phone.phone.mutate('note.add', note(`n${n}`));
  await phone.phone.mutate('visit.log', { id: 'v1', outcome: 'Sold', done_at: '2026-11-23T10:00:00Z' });
  await settled();
  back();
  await sync();
  expect(shown().attention.value).toMatchObject([{ kind: 'kept', mutation: { name: 'visit.plan' }, children: [{ name: 'visit.log' }] }]);
  expect([...server.done.values()].filter(({ draft }) => draft)).toHaveLength(2);
  expect(shown().unsent.value.count).toBe(0);
});

test('a pull that comes while something is unsent keeps showing it, on top of the new rows', async () => {
  server.deaf = true;
  await change({ phone: '2' }, { phone: '1' });
  server.put('account', { ...NORRVIK, name: 'Norrvik Paper' });
  await sync();
  expect(await account()).toMatchObject({ name: 'Norrvik Paper', phone: '2' });
  expect(shown().refusal.value).toBe('Update');
  server.deaf = false;
  await sync();
  expect(server.rows.get('account,a1')).toMatchObject({ name: 'Norrvik Paper', phone: '2' });
  expect(shown().refusal.value).toBeNull();
});

test('what is kept for a manager is said, and can be closed', async () => {
  server.judge = () => ({ result: 'rejected', draft: 'd1', problem: { type: '/docs/problems/territory-lost' } });
  await phone.phone.mutate('note.add', note('n1'));
  await settled();
  expect(shown().attention.value).toMatchObject([{ kind: 'kept', draft: 'd1' }]);
  expect(await phone.db.count('note')).toBe(0);
  await phone.phone.discard(shown().attention.value[0]!.id);
  expect(shown().attention.value).toEqual([]);
});

test('a push that is refused as a whole is sent one by one: what cannot be read holds nothing up', async () => {
  const inner = device.fetch;
  device.fetch = async (path, request) => {
    const poison = path.endsWith('push') && String(request.body).includes('poison');
    return poison ? new Response(JSON.stringify({ title: 'Cannot be read' }), { status: 422 }) : inner(path, request);
  };
  const back = offline(device);
  await phone.phone.mutate('note.add', note('n1'));
  await phone.phone.mutate('note.add', note('n2', 'poison'));
  await phone.phone.mutate('note.add', note('n3'));
  back();
  await sync();
  expect(server.effects.map(({ args }) => args['id'])).toEqual(['n1', 'n3']);
  expect(shown().attention.value).toMatchObject([{ problem: { title: 'Cannot be read' }, mutation: { args: { id: 'n2' } } }]);
});

describe('a field that somebody else changed meanwhile', () => {
  const clash = { entity: 'account' as const, row_id: 'a1', field: 'phone', base: '1', mine: '2', theirs: '3', by: { id: 'u2', name: 'Nils' } };

  beforeEach(async () => {
    server.judge = ({ args }) => {
      const { fields, base } = args as { fields?: { phone?: string }; base?: { phone?: string } };
      const there = (server.rows.get('account,a1') as Account).phone;
      return fields?.phone && base?.phone !== there ? { result: 'conflict', conflicts: [clash] } : undefined;
    };
    server.put('account', { ...NORRVIK, phone: '3' });
    await change({ phone: '2' }, { phone: '1' });
    await settled();
  });

  test('shows theirs, and asks', async () => {
    expect((await account()).phone).toBe('3');
    expect(shown().attention.value).toMatchObject([{ kind: 'conflict', clash }]);
    expect(shown().unsent.value.count).toBe(0);
  });

  test('is settled as mine with one tap, also offline', async () => {
    const back = offline(device);
    await phone.phone.settle(shown().attention.value[0]!.id, 'mine');
    expect((await account()).phone).toBe('2');
    expect(shown().attention.value).toEqual([]);
    phone = await restarted(phone);
    back();
    await sync();
    expect(server.effects.at(-1)).toMatchObject({ name: 'account.change', args: { fields: { phone: '2' }, base: { phone: '3' } } });
    expect((await account()).phone).toBe('2');
  });

  test('is settled as theirs with one tap, also offline', async () => {
    offline(device);
    await phone.phone.settle(shown().attention.value[0]!.id, 'theirs');
    expect([shown().attention.value, (await account()).phone, shown().unsent.value.count]).toEqual([[], '3', 0]);
  });

  test('needs no answer any more when it is entered anew', async () => {
    await change({ phone: '9' }, { phone: '3' });
    await settled();
    expect(shown().attention.value).toEqual([]);
    expect((await account()).phone).toBe('9');
  });

  test('is one card, however often it clashed', async () => {
    await change({ phone: '2' }, { phone: '1' });
    await settled();
    expect(shown().attention.value).toHaveLength(1);
  });
});

test('a member of the address is settled as that member alone', async () => {
  const clash = { entity: 'account' as const, row_id: 'a1', field: 'address.city', base: 'Umeå', mine: 'Luleå', theirs: 'Boden' };
  server.judge = ({ args }) => ((args['base'] as { address: { city: string } }).address.city === 'Umeå' ? { result: 'conflict', conflicts: [clash] } : undefined);
  await change({ address: { city: 'Luleå' } }, { address: { city: 'Umeå' } });
  await settled();
  await phone.phone.settle('account:a1:address.city', 'mine');
  await settled();
  expect(server.effects.at(-1)?.args).toEqual({ id: 'a1', fields: { address: { city: 'Luleå' } }, base: { address: { city: 'Boden' } } });
});

test('members of the address need no answer any more when the address is entered anew', async () => {
  const about = { entity: 'account' as const, row_id: 'a1', base: null, mine: '1', theirs: '2' };
  const conflicts = ['address.city', 'address.region', 'phone'].map((field) => ({ ...about, field }));
  server.judge = () => ({ result: 'conflict', conflicts });
  await change({ address: { city: '1', region: '1' }, phone: '1' }, { address: NORRVIK.address, phone: '1' });
  await settled();
  expect(shown().attention.value).toHaveLength(3);
  server.judge = () => undefined;
  await change({ address: { city: 'Boden', street: 'Storgatan 1' } }, { address: NORRVIK.address });
  await settled();
  expect(shown().attention.value.map(({ id }) => id)).toEqual(['account:a1:phone']);
});

test('a visit that two people moved is settled as a whole', async () => {
  const [eight, nine, one, two] = ['08', '09', '13', '14'].map((hour) => `2026-11-23T${hour}:00:00Z`) as [string, string, string, string];
  server.put('visit', { id: 'v1', account_id: 'a1', starts_at: eight, ends_at: two, time_zone: 'UTC', status: 'planned' });
  await sync();
  const about = { entity: 'visit' as const, row_id: 'v1' };
  const clashes = [
    { ...about, field: 'starts_at', base: eight, mine: one, theirs: eight },
    { ...about, field: 'ends_at', base: nine, mine: two, theirs: nine },
  ];
  server.judge = ({ args }) => ((args['fields'] as { place?: string }).place ? { result: 'conflict', conflicts: clashes } : undefined);
  const fields = { starts_at: one, ends_at: two, place: 'Gate 3' };
  await phone.phone.mutate('visit.change', { id: 'v1', fields, base: { starts_at: eight, ends_at: nine, place: null } });
  await settled();
  expect(shown().attention.value).toHaveLength(2);
  await phone.phone.settle('visit:v1:starts_at', 'mine');
  await settled();
  expect(shown().attention.value).toEqual([]);
  expect(server.effects.at(-1)?.args).toEqual({
    id: 'v1', fields: { starts_at: one, ends_at: two }, base: { starts_at: eight, ends_at: nine },
  });
});

test('a promise that two people closed differently is settled by its status', async () => {
  server.put('promise', { id: 'p1', account_id: 'a1', text: 'Report', due_on: '2026-11-30', status: 'open' });
  await sync();
  const clash = { entity: 'promise' as const, row_id: 'p1', field: 'status', base: 'open', mine: 'kept', theirs: 'broken' };
  server.judge = ({ args }) => (args['base'] ? undefined : { result: 'conflict', conflicts: [clash] });
  server.put('promise', { id: 'p1', account_id: 'a1', text: 'Report', due_on: '2026-11-30', status: 'broken' });
  await phone.phone.mutate('promise.keep', { id: 'p1', kept_on: '2026-11-21' });
  await settled();
  expect(await phone.db.get('promise', 'p1')).toMatchObject({ status: 'broken' });
  await phone.phone.settle('promise:p1:status', 'mine');
  expect((await phone.db.getAll('mutation')).at(-1)?.args['base']).toBe('broken');
  expect(await phone.db.get('promise', 'p1')).toMatchObject({ status: 'kept' });
});

test('rows of a lost account leave with the pull, and a queued change of one brings nothing back', async () => {
  const back = offline(device);
  await change({ phone: '2' }, { phone: '1' });
  server.rows.clear();
  server.judge = () => ({ result: 'rejected', draft: 'd1', problem: {} });
  back();
  await sync();
  expect((await shownRows(phone.db)).size).toBe(0);
  expect(shown().attention.value).toMatchObject([{ kind: 'kept' }]);
});

test('a clash of a draft that a manager accepted is settled with what its author had entered', async () => {
  const clash = { entity: 'account', row_id: 'a1', field: 'phone', base: null, mine: '2', theirs: '1' } as const;
  server.judge = ({ name }) => (name === 'draft.decide' ? { result: 'conflict', conflicts: [clash] } : undefined);
  await phone.phone.mutate('draft.decide', { id: 'd1', decision: 'accept' });
  await sync();
  await phone.phone.settle('account:a1:phone', 'mine');
  await sync();
  expect(server.effects).toMatchObject([{ name: 'account.change', args: { id: 'a1', fields: { phone: '2' }, base: { phone: '1' } } }]);
  expect((await account()).phone).toBe('2');
  const decision = { id: 'm', name: 'draft.decide', version: 3, args: { id: 'd1', decision: 'accept' }, made_at: '2026-11-21T12:00:00Z' } as const;
  const kept = { entity: 'promise', row_id: 'p1', field: 'status', base: 'open', mine: 'kept', theirs: 'broken' } as const;
  expect(overTheirs(decision, [kept])).toEqual({ name: 'promise.keep', args: { id: 'p1', kept_on: '2026-11-21', base: 'broken' } });
  const broken = { ...kept, mine: 'broken', theirs: 'kept' };
  expect(overTheirs(decision, [broken])).toEqual({ name: 'promise.break', args: { id: 'p1', base: 'kept' } });
  const off = { ...kept, entity: 'visit', row_id: 'v1', mine: 'cancelled', theirs: 'done' } as const;
  expect(overTheirs(decision, [off])).toEqual({ name: 'visit.cancel', args: { id: 'v1', base: 'done' } });
});

test('a clash of a draft that a manager accepted says whose it was', async () => {
  const clash = { entity: 'account', row_id: 'a1', field: 'phone', base: null, mine: '2', theirs: '1' } as const;
  server.put('draft', {
    id: 'd1', account_id: 'a1', account: 'Norrvik', user_id: 'u2', author: 'Nils', name: 'account.change', args: {},
    made_at: '2026-11-20T08:00:00Z', reason: 'territory-lost', state: 'open',
  });
  await sync();
  server.judge = () => {
    server.rows.delete('draft,d1');
    return { result: 'conflict', conflicts: [clash] };
  };
  await phone.phone.mutate('draft.decide', { id: 'd1', decision: 'accept' });
  await settled();
  await sync();
  expect(await phone.db.count('draft')).toBe(0);
  expect(shown().attention.value).toMatchObject([{ kind: 'conflict', drafted: { author: 'Nils', made_at: '2026-11-20T08:00:00Z' } }]);
});

describe('what can be taken back for some seconds', () => {
  const hold = async (ms = 5_000) => {
    const [{ id }] = (await phone.phone.mutateAll([{ name: 'note.add', args: note('n1') }], [], { holdMs: ms })) as [{ id: string }];
    return id;
  };

  test('is safe and shown at once, and sent when they are over', async () => {
    await hold();
    await sync();
    expect(await phone.db.count('note')).toBe(1);
    expect(shown().unsent.value.count).toBe(1);
    expect(server.effects).toEqual([]);
    device.clock += 5_001;
    await sync();
    expect(server.effects.map(({ args }) => args['id'])).toEqual(['n1']);
  });

  test('is sent by itself when they are over', async () => {
    await hold();
    await settled();
    await device.advance(6_000);
    expect(server.effects).toHaveLength(1);
  });

  test('leaves no trace when it is taken back', async () => {
    const id = await hold();
    expect(await phone.phone.takeBack(id)).toBe(true);
    device.clock += 5_001;
    await sync();
    expect([await phone.db.count('note'), await phone.db.count('mutation'), await phone.db.count('base')]).toEqual([0, 0, 0]);
    expect(phone.phone.journal.of(ME.id)).toEqual([]);
    expect(server.effects).toEqual([]);
  });

  test('leaves the card of a field open that it would have answered', async () => {
    const clash = { entity: 'account' as const, row_id: 'a1', field: 'phone', base: '1', mine: '2', theirs: '3' };
    server.judge = () => ({ result: 'conflict', conflicts: [clash] });
    await change({ phone: '2' }, { phone: '1' });
    await settled();
    await sync();
    const args = { id: 'a1', fields: { phone: '4' }, base: { phone: '3' } };
    const [{ id }] = (await phone.phone.mutateAll([{ name: 'account.change', args }], [], { holdMs: 5_000 })) as [{ id: string }];
    expect(await phone.phone.takeBack(id)).toBe(true);
    expect(shown().attention.value).toMatchObject([{ kind: 'conflict', clash: { theirs: '3' } }]);
  });

  test('cannot be taken back after that', async () => {
    const id = await hold();
    device.clock += 5_001;
    expect(await phone.phone.takeBack(id)).toBe(false);
    await sync();
    expect(server.effects).toHaveLength(1);
  });

  test('outlives a cut of the power, and keeps its place before what came later', async () => {
    await hold();
    await phone.phone.mutate('note.add', note('n2'));
    phone = await restarted(phone);
    await sync();
    expect(server.effects).toEqual([]);
    device.clock += 5_001;
    await sync();
    expect(server.effects.map(({ args }) => args['id'])).toEqual(['n1', 'n2']);
  });

  test('is not held back by a clock that was set back', async () => {
    await hold();
    device.clock -= 86_400_000;
    await sync();
    expect(server.effects).toHaveLength(1);
  });

  test('is sent by a sign-out', async () => {
    await hold();
    expect(await phone.phone.signOut()).toBe('told');
    expect(server.effects).toHaveLength(1);
  });
});
