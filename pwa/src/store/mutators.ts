/**
 * What each mutation does to the rows on this phone. Pure: rows in, rows out, no clock, no database.
 *
 * The server does the same again with its own rows and its answer replaces this one; so a mutator need not be exact, but
 * it must never fail: where the row that it changes is not there (any more), it does nothing.
 */
import { quoteNumber } from '../cpq/quote/canonical';
import type { Mutations as MutationArgs, MutationName } from './mutations.gen';
import type { Mutation } from './queue';
import type { Rows, RowType } from './rows';

export type Key = readonly [type: RowType, id: string];
export type Row = Rows[RowType];

export interface Author {
  id: string;
  name: string;
}

interface Mutator<Name extends MutationName> {
  /** the rows that it reads and writes */
  keys(args: MutationArgs[Name], mutation: Mutation): Key[];
  /** those rows afterwards, in the same order; undefined where there is none */
  apply(rows: (Row | undefined)[], args: MutationArgs[Name], author: Author, mutation: Mutation): (Row | undefined)[];
}

type Fields = Record<string, unknown>;

/** A mutation that makes one row. */
const makes = <Name extends MutationName>(
  type: RowType, row: (args: MutationArgs[Name], author: Author) => Fields,
): Mutator<Name> => ({
  keys: (args) => [[type, (args as { id: string }).id]],
  apply: ([there], args, author) => [there ?? filled(row(args, author))],
});

/** A mutation that changes one row, where it is. */
const alters = <Name extends MutationName>(
  type: RowType, change: (row: Fields, args: MutationArgs[Name]) => Fields,
): Mutator<Name> => ({
  keys: (args) => [[type, (args as { id: string }).id]],
  apply: ([row], args) => [row && filled({ ...row, ...change(row as unknown as Fields, args) })],
});

/** A mutation of `fields` against `base`. */
const changes = <Name extends 'visit.change' | 'account.change' | 'person.change' | 'goal.change'>(type: RowType): Mutator<Name> =>
  alters(type, (row, { fields, base }) => {
    const bases = base as Fields;
    return Object.fromEntries(
      Object.entries(fields).map(([name, mine]) => [name, merged(row[name], bases[name], mine)]),
    );
  });

export const MUTATORS: { [Name in MutationName]: Mutator<Name> } = {
  'visit.plan': makes('visit', (args, author) => ({ ...args, user_id: author.id, status: 'planned' })),
  'visit.change': changes('visit'),
  'visit.cancel': alters('visit', (row) => (row['status'] === 'planned' ? { status: 'cancelled' } : {})),
  'visit.log': {
    keys: (args, mutation) => [['visit', args.id], ['note', mutation.id]],
    apply: ([visit, note], args, author, mutation) =>
      visit && (visit as Rows['visit']).status === 'done'
        ? [visit, note ?? laterLog(visit as Rows['visit'], args, author, mutation)]
        : [visit && (filled({ ...visit, ...args, status: 'done' })), note],
  },
  'note.add': makes('note', (args, author) => ({ ...args, user_id: author.id, author: author.name })),
  'promise.make': makes('promise', (args, author) => ({ ...args, user_id: author.id, status: 'open' })),
  'promise.keep': alters('promise', (_, args) => ({ status: 'kept', kept_on: args.kept_on })),
  'promise.break': alters('promise', () => ({ status: 'broken' })),
  'account.change': changes('account'),
  'person.add': makes('person', (args) => ({ ...args })),
  'person.change': changes('person'),
  'consent.record': {
    keys: (args) => [['person', args.person_id]],
    apply: ([row], { channel, status }) => {
      const person = row as Rows['person'] | undefined;
      return [person && { ...person, consent: { ...person.consent, [channel]: status } }];
    },
  },
  'goal.set': makes('goal', (args) => ({ ...args, status: 'open' })),
  'goal.change': changes('goal'),
  'message.post': makes('message', (args, author) => ({ ...args, user_id: author.id, author: author.name })),
  'attachment.add': makes('attachment', ({ sha256: _, ...args }, author) => ({ ...args, user_id: author.id, author: author.name })),
  'quote.create': makes('quote', ({ shown, ...args }, author) => ({
    ...args, ...priced(shown), number: numberOf(args.id), user_id: author.id, author: author.name, status: 'draft', version: 1, revision: 1,
  })),
  'quote.change': alters('quote', (_, { fields, shown, revision }) => ({
    ...fields, ...priced(shown), status: 'draft', revision: revision + 1, difference: null, approvals: null,
  })),
  'quote.submit': alters('quote', () => ({ status: 'in_approval' })),
  'quote.decide': alters('quote', (_, { decision }) => ({ status: decision === 'approve' ? 'approved' : 'refused' })),
  'quote.send': alters('quote', () => ({ status: 'sent' })),
  'quote.revise': alters('quote', (row, { id: _, revision, shown, ...fields }) => ({
    ...fields, ...priced(shown), status: 'draft', version: (row['version'] as number) + 1, revision: revision + 1, sent_at: null, viewed_at: null,
    decided_at: null, decided_by: null, decision_reason: null, difference: null, approvals: null,
  })),
  'quote.withdraw': alters('quote', (_, { reason }) => ({ status: 'withdrawn', decision_reason: reason })),
  'quote.answer': { keys: () => [], apply: (rows) => rows }, // the question stands on a quote that it does not name
  'draft.decide': { keys: (args) => [['draft', args.id]], apply: () => [undefined] },
};

/** The number that the server will give the quote too; none for what is no UUID, as a mutator never fails. */
const numberOf = (id: string): string => (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id) ? quoteNumber(id) : '');

/** What a quote costs, as this phone worked it out. */
const priced = (shown?: { net: string; gross: string; currency: string; digest: string }): Fields =>
  shown ? { totals: { net: shown.net, gross: shown.gross, currency: shown.currency }, digest: shown.digest } : {};

/** A visit that is filled in already: what is said later is added as a note at it. */
function laterLog(visit: Rows['visit'], args: MutationArgs['visit.log'], author: Author, mutation: Mutation): Row | undefined {
  const text = [args.outcome, args.notes, args.next_step].filter(Boolean).join('\n');
  if (!text) return undefined;
  return {
    id: mutation.id, account_id: visit.account_id, visit_id: visit.id, user_id: author.id, author: author.name, text,
    written_at: args.done_at,
  };
}

/** A field as it is after the rep's change: lists as sets, an address member by member, else what the rep entered. */
function merged(current: unknown, base: unknown, mine: unknown): unknown {
  if (Array.isArray(mine)) {
    const [before, now] = [new Set(list(base)), new Set(mine as unknown[])];
    const kept = list(current).filter((one) => now.has(one) || !before.has(one));
    return [...kept, ...[...now].filter((one) => !before.has(one) && !kept.includes(one))];
  }
  if (isRecord(mine)) {
    const bases = isRecord(base) ? base : {};
    const differs = Object.entries(mine).filter(([name, value]) => (bases[name] ?? null) !== (value ?? null));
    return filled({ ...(isRecord(current) ? current : {}), ...Object.fromEntries(differs) });
  }
  return mine;
}

const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
const isRecord = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Rows have no empty members. */
function filled(row: Fields): Row {
  const empty = (value: unknown) => value === null || value === undefined || (Array.isArray(value) && value.length === 0);
  return Object.fromEntries(Object.entries(row).filter(([, value]) => !empty(value))) as unknown as Row;
}

const mutatorOf = (mutation: Mutation): Mutator<MutationName> | undefined =>
  MUTATORS[mutation.name] as unknown as Mutator<MutationName> | undefined;

/** The rows that a mutation reads and writes. */
export const keysOf = (mutation: Mutation): Key[] => mutatorOf(mutation)?.keys(mutation.args as never, mutation) ?? [];

/** Those rows after it. */
export const applied = (mutation: Mutation, rows: (Row | undefined)[], author: Author): (Row | undefined)[] =>
  mutatorOf(mutation)?.apply(rows, mutation.args as never, author, mutation) ?? rows;

const MAKERS = /^(visit\.plan|note\.add|promise\.make|person\.add|goal\.set|message\.post|attachment\.add|quote\.create)$/;

/** The id of the row that a mutation makes, if it makes one. */
export const madeBy = (mutation: Mutation): string | undefined =>
  MAKERS.test(mutation.name) ? (mutation.args['id'] as string) : undefined;

/** Whether any of `ids` is named in a mutation's arguments, at any depth. */
export function names(args: unknown, ids: ReadonlyMap<string, unknown>): string[] {
  if (typeof args === 'string') return ids.has(args) ? [args] : [];
  if (typeof args !== 'object' || args === null) return [];
  return Object.values(args).flatMap((value) => names(value, ids));
}
