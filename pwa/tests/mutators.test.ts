import { describe, expect, test } from 'vitest';
import { applied, keysOf, madeBy, names, type Row } from '../src/store/mutators';
import { MUTATION_NAMES, type MutationName, type Mutations } from '../src/store/mutations.gen';
import { uuid7 } from '../src/store/ids';
import type { Mutation } from '../src/store/queue';
import { ME } from './support/server';

const mutation = <Name extends MutationName>(name: Name, args: Partial<Mutations[Name]>): Mutation => ({
  id: 'm1', name, version: 3, made_at: '2026-11-21T12:00:00Z', args: args as Record<string, unknown>,
});
const after = (made: Mutation, ...rows: object[]) => applied(made, rows as Row[], ME);
const account = (fields: object, base: object) => mutation('account.change', { id: 'a1', fields, base } as never);

describe('a change of fields', () => {
  test('writes what was entered and takes away what was emptied', () => {
    expect(after(account({ phone: '2', website: null }, { phone: '1' }), { id: 'a1', phone: '1', website: 'w', name: 'N' })).toEqual([{ id: 'a1', phone: '2', name: 'N' }]);
  });

  test('merges lists as sets: what either added or removed', () => {
    const change = account({ aliases: ['b', 'c'] }, { aliases: ['a', 'b'] });
    expect(after(change, { id: 'a1', aliases: ['a', 'b', 'x'] })).toEqual([{ id: 'a1', aliases: ['b', 'x', 'c'] }]);
    expect(after(account({ aliases: [] }, { aliases: ['a'] }), { id: 'a1', aliases: ['a'] })).toEqual([{ id: 'a1' }]);
  });

  test('merges an address member by member', () => {
    const change = account({ address: { city: 'Boden', street: null } }, { address: { city: 'Umeå', street: 'S' } });
    expect(after(change, { id: 'a1', address: { city: 'Umeå', street: 'S', country: 'SE' } })).toEqual([{ id: 'a1', address: { city: 'Boden', country: 'SE' } }]);
    expect(after(change, { id: 'a1' })).toEqual([{ id: 'a1', address: { city: 'Boden' } }]);
  });
});

test('the first log fills a visit in; a later one is a note at it', () => {
  const log = mutation('visit.log', { id: 'v1', outcome: 'Sold', notes: 'Hums', done_at: '2026-11-21T12:00:00Z' });
  const planned = { id: 'v1', account_id: 'a1', status: 'planned' };
  const [done] = after(log, planned);
  expect(done).toMatchObject({ status: 'done', outcome: 'Sold', notes: 'Hums' });
  const [same, note] = after(log, done!);
  expect(same).toBe(done);
  expect(note).toMatchObject({ visit_id: 'v1', account_id: 'a1', author: 'Elin', text: 'Sold\nHums' });
});

test('a visit that is done is not cancelled', () => {
  expect(after(mutation('visit.cancel', { id: 'v1' }), { id: 'v1', status: 'done' })).toEqual([{ id: 'v1', status: 'done' }]);
});

test('the last consent of a channel is shown', () => {
  const record = mutation('consent.record', { id: 'c1', person_id: 'p1', channel: 'sms', status: 'withdrawn' });
  expect(after(record, { id: 'p1', consent: { sms: 'granted', email: 'granted' } })).toEqual([{ id: 'p1', consent: { sms: 'withdrawn', email: 'granted' } }]);
});

test('what makes a row says so, and leaves one that is there', () => {
  const note = mutation('note.add', { id: 'n1', account_id: 'a1', text: 'x' });
  expect([madeBy(note), madeBy(account({}, {}))]).toEqual(['n1', undefined]);
  expect(after(note, { id: 'n1', text: 'there' })).toEqual([{ id: 'n1', text: 'there' }]);
});

/** What adds a row needs none; everything else must live with a row that is not there. */
test.each(MUTATION_NAMES)('%s fails on no row that is missing', (name) => {
  const made = mutation(name, { id: 'x', person_id: 'p', fields: { name: 'n' }, base: {} } as never);
  const rows = applied(made, keysOf(made).map(() => undefined), ME);
  expect(rows).toHaveLength(keysOf(made).length);
  if (!madeBy(made)) expect(rows.every((row) => row === undefined)).toBe(true);
});

test('a mutation of an unknown name does nothing', () => {
  const made = mutation('note.add', {});
  made.name = 'robot.start' as never;
  expect([keysOf(made), applied(made, [], ME)]).toEqual([[], []]);
});

test('names are found at any depth', () => {
  const ids = new Map([['v1', 'm1'], ['p1', 'm2']]);
  expect(names({ id: 'x', visit_id: 'v1', fields: { attendee_ids: ['p1', 'p2'] } }, ids)).toEqual(['v1', 'p1']);
});

test('ids are UUIDv7: they sort by time', () => {
  const ids = [0, 1, 255, 256, 2 ** 40].map((now) => uuid7(now, new Uint8Array(10).fill(255)));
  expect([...ids].sort()).toEqual(ids);
  expect(ids[4]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});
