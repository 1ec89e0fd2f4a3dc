import { describe, expect, test } from 'vitest';
import { buildDirectory, find, fold } from '../src/accounts/search';
import type { Account, Person } from '../src/store/rows';

const account = (id: string, name: string, more: Partial<Account> = {}): Account => ({ id, name, ...more });
const person = (account_id: string, name: string): Person => ({ id: `${account_id} ${name}`, account_id, name });

const directory = buildDirectory(
  [
    account('h', 'Hestra Energi', { address: { city: 'Gävle' } }),
    account('b', 'Brännland Dairy', { address: { city: 'Ockelbo' }, aliases: ['Skyr & Co'] }),
    account('n', 'Norrvik Paper', { address: { city: 'Gävle' } }),
    account('o', 'Østfold Brewing Nord', { address: { city: 'Halden' } }),
  ],
  [person('n', 'Eva Lindqvist'), person('h', 'Amina Warsame')],
);
const found = (query: string) => find(directory, query).map(({ account: one, by }) => [one.id, by]);

describe('an account is found', () => {
  test.each([
    ['brannland', [['b', null]]],
    ['BRÄNN', [['b', null]]],
    ['ostfold', [['o', null]]],
    ['skyr', [['b', 'Skyr & Co']]],
    ['gavle', [['h', 'Gävle'], ['n', 'Gävle']]],
    ['lindq', [['n', 'Eva Lindqvist']]],
    ['eva gävle', [['n', 'Eva Lindqvist']]],
    ['nor', [['n', null], ['o', null]]],
    ['rvik', []],
    ['zzz', []],
  ])('%s', (query, hits) => expect(found(query)).toEqual(hits));

  test('without a query, all of them by name', () => {
    expect(found('').map(([id]) => id)).toEqual(['b', 'h', 'n', 'o']);
  });

  test('a query of signs is taken as it is', () => {
    expect(found('.*')).toEqual([]);
    expect(found('&')).toEqual([['b', 'Skyr & Co']]);
  });
});

test('letters that have no accent to strip fold to what is typed for them', () => {
  expect(fold('Åsbo Sågverk Łódź Straße Æbleø')).toBe('asbo sagverk lodz strasse aebleo');
});

test('2,000 accounts are searched within a frame', () => {
  const many = buildDirectory(
    Array.from({ length: 2000 }, (_, n) => account(`${n}`, `Company number ${n}`, { address: { city: 'Gävle' } })),
    Array.from({ length: 6000 }, (_, n) => person(`${n % 2000}`, `Person ${n}`)),
  );
  find(many, 'warm up');
  const start = performance.now();
  expect(find(many, 'gav').length).toBe(2000);
  expect(performance.now() - start).toBeLessThan(50);
});
