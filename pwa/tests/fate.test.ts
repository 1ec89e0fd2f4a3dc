/** How cards name what became of a draft, and whose the sides of a clash are. */
import { describe, expect, test } from 'vitest';
import { draftOf, fateWords, sidesOf, toDecide } from '../src/outbox/fate';
import type { AttentionItem, Clash, Mutation } from '../src/store/queue';
import type { Draft } from '../src/store/rows';

const mutation = (id: string, name: Mutation['name'], args: object): Mutation => ({
  id, name, version: 3, args: args as Record<string, unknown>, made_at: '2026-11-21T12:00:00Z',
});
const draft = (id: string, more: Partial<Draft>): Draft => ({
  id, account_id: 'a1', account: 'Norrvik', user_id: 'u1', author: 'Elin', name: 'note.add', args: { id: 'n1' },
  made_at: '2026-11-21T12:00:00Z', reason: 'territory-lost', state: 'open', ...more,
});
const words = (more: Partial<Draft>) => fateWords(draft('d1', more), '2026-11-21', 'Europe/Stockholm');

describe('what became of a draft', () => {
  test('is said with who and when; nothing while nobody has decided', () => {
    const decided = { decided_by: 'Henrik Dahlrot', decided_at: '2026-11-21T13:02:00Z' };
    expect(words({ ...decided, state: 'accepted' })).toBe('Henrik Dahlrot accepted it, today 14:02');
    expect(words({ ...decided, state: 'dismissed', decided_at: '2026-11-20T23:30:00Z' })).toBe('Henrik Dahlrot dismissed it, today 00:30');
    expect(words({ state: 'dismissed' })).toBe('Your manager dismissed it');
    expect(words({ state: 'open' })).toBeUndefined();
    expect(fateWords(undefined, '2026-11-21', 'UTC')).toBeUndefined();
  });

  test('is that of the card’s own draft, and of each that waits with it', () => {
    const [parent, child] = [mutation('m1', 'visit.plan', { id: 'v1' }), mutation('m2', 'note.add', { id: 'n1' })];
    const card = { id: 'm1', at: '', kind: 'kept', mutation: parent, children: [child], problem: {}, draft: 'd1' } as const;
    const own = [draft('d0', { user_id: 'u2' }), draft('d2', { mine: true }), draft('d1', { mine: true, name: 'visit.plan', args: { id: 'v1' } })];
    const item = { ...card, children: [child] };
    expect([draftOf(item, parent, own)?.id, draftOf(item, child, own)?.id]).toEqual(['d1', 'd2']);
    expect(draftOf(item, child, own.slice(0, 1))).toBeUndefined();
  });

  test('one’s own and those that are decided are not to be decided about', () => {
    const all = [draft('d1', { mine: true }), draft('d2', { state: 'accepted' }), draft('d3', {}), draft('d4', { made_at: '2026-11-20T12:00:00Z' })];
    expect(toDecide(all).map(({ id }) => id)).toEqual(['d4', 'd3']);
  });
});

describe('the sides of a clash', () => {
  const clash: Clash = { entity: 'account', row_id: 'a1', field: 'phone', base: null, mine: '1', theirs: '2', by: { id: 'u2', name: 'Nils' } };
  type Conflict = Extract<AttentionItem, { kind: 'conflict' }>;
  const card = (name: Mutation['name'], more: Partial<Conflict> = {}): Conflict => ({
    id: 'c', at: '', kind: 'conflict', mutation: mutation('m1', name, {}), clash, ...more,
  });

  test('are mine and theirs', () => {
    expect(sidesOf(card('account.change'), 'u1')).toMatchObject({ changed: 'You and Nils both changed', mine: 'Yours', theirs: 'Nils’s' });
    expect(sidesOf(card('account.change'), 'u2')).toMatchObject({ changed: 'You changed', mine: 'Yours', theirs: 'Your other one' });
  });

  test('of an accepted draft, the one is its author’s, of when the author entered it', () => {
    const drafted = { author: 'Elin', made_at: '2026-11-20T08:00:00Z' };
    expect(sidesOf(card('draft.decide', { drafted }), 'u1')).toEqual({
      changed: 'Elin and Nils both changed', where: '', mine: 'Elin’s', theirs: 'Nils’s', made_at: '2026-11-20T08:00:00Z',
    });
    expect(sidesOf(card('draft.decide', { drafted }), 'u2')).toMatchObject({ changed: 'Elin and you both changed', mine: 'Elin’s', theirs: 'Yours' });
    expect(sidesOf(card('draft.decide'), 'u1').mine).toBe('The author’s');
  });
});
