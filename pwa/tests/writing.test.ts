import { expect, test } from 'vitest';
import { instantAt, onWire } from '../src/ui/dates';
import { askedFor, completed, inPieces, matching, mentioned } from '../src/talk/mentions';
import { writtenAfter } from '../src/talk/reads';
import type { Message } from '../src/store/rows';
import { editable, entered, gist, valueWords } from '../src/outbox/words';

const COLLEAGUES = [
  { id: 'a', name: 'Henrik Dahlrot', role: 'manager' },
  { id: 'b', name: 'Åsa Öberg', role: 'rep' },
  { id: 'c', name: 'Åsa Öberg Lind', role: 'rep' },
];

test('a time on a calendar day is the instant at which the clock there shows it', () => {
  expect(onWire(instantAt('2026-11-21', '09:00', 'Europe/Stockholm'))).toBe('2026-11-21T08:00:00Z');
  expect(onWire(instantAt('2026-07-01', '09:00', 'America/New_York'))).toBe('2026-07-01T13:00:00Z');
  expect(onWire(instantAt('2026-01-01', '00:15', 'Pacific/Kiritimati'))).toBe('2025-12-31T10:15:00Z');
});

test('a time that the clock shows twice is the earlier one, a time that it skips is near', () => {
  expect(onWire(instantAt('2026-10-25', '02:30', 'Europe/Stockholm'))).toBe('2026-10-25T00:30:00Z');
  const skipped = instantAt('2026-03-29', '02:30', 'Europe/Stockholm').getTime();
  expect(Math.abs(skipped - Date.parse('2026-03-29T01:30:00Z'))).toBeLessThanOrEqual(3_600_000);
});

test('colleagues are asked for after an @ that begins a word', () => {
  expect(askedFor('Ask @he', 7)).toEqual({ from: 4, query: 'he' });
  expect(askedFor('Ask @Åsa Ö', 10)).toEqual({ from: 4, query: 'Åsa Ö' });
  expect(askedFor('mail to eva@norrvik', 19)).toBeNull();
  expect(askedFor('@he is here. And', 16)).toBeNull();
});

test('they are found by any word of their name, without its accents', () => {
  expect(matching(COLLEAGUES, 'dahl').map((one) => one.id)).toEqual(['a']);
  expect(matching(COLLEAGUES, 'asa o').map((one) => one.id)).toEqual(['b', 'c']);
  expect(matching(COLLEAGUES, '')).toHaveLength(3);
});

test('an answer comes after what it answers, also by a clock that is behind', () => {
  const read = [{ written_at: '2026-11-21T12:00:00.250Z' }] as Message[];
  expect(onWire(writtenAfter(read, new Date('2026-11-21T11:59:59Z')))).toBe('2026-11-21T12:00:00.251Z');
  expect(onWire(writtenAfter(read, new Date('2026-11-21T12:00:01Z')))).toBe('2026-11-21T12:00:01Z');
  expect(onWire(writtenAfter([], new Date('2026-11-21T11:59:59Z')))).toBe('2026-11-21T11:59:59Z');
});

test('the name takes the place of what was typed, and the cursor stands behind it', () => {
  expect(completed('Ask @he now', 7, 4, 'Henrik Dahlrot')).toEqual({ text: 'Ask @Henrik Dahlrot now', cursor: 20 });
});

test('only those whose name is still there are mentioned, and the longest name stands out', () => {
  expect(mentioned('@Henrik Dahlrot and @Åsa', COLLEAGUES)).toEqual(['a']);
  const pieces = inPieces('Ask @Åsa Öberg Lind today', COLLEAGUES.map((one) => one.name));
  expect(pieces).toEqual([
    { text: 'Ask ', name: false }, { text: '@Åsa Öberg Lind', name: true }, { text: ' today', name: false },
  ]);
});

const NAMES = new Map([['p1', 'Eva Lindqvist']]);
const PROMISE = {
  name: 'promise.make',
  args: { id: 'x', account_id: 'y', person_id: 'p1', text: 'A price', made_on: '2026-11-21', due_on: '2026-11-22' },
};

test('an entry is said in words: labels, names and days, without ids', () => {
  const said = entered(PROMISE).map(([field, value]) => [field, valueWords(value, NAMES, '2026-11-21', 'UTC')]);
  expect(said).toEqual([['person_id', 'Eva Lindqvist'], ['text', 'A price'], ['due_on', 'tomorrow']]);
  expect(gist(PROMISE, NAMES, '2026-11-21', 'UTC')).toBe('A price');
});

test('what was changed is said field by field, and an emptied field is nothing', () => {
  const change = { name: 'account.change', args: { id: 'x', fields: { phone: null, industry: 'Paper' }, base: { phone: '1' } } };
  expect(entered(change)).toEqual([['industry', 'Paper']]);
  expect(valueWords(null, NAMES, '2026-11-21', 'UTC')).toBe('nothing');
});

test('a refused entry offers the fields of its form, and one at fault that no form shows', () => {
  expect(editable(PROMISE, new Set()).map((one) => [one.field, one.kind])).toEqual([['text', 'text'], ['due_on', 'day']]);
  expect(editable(PROMISE, new Set(['made_on'])).map((one) => one.field)).toContain('made_on');
});
