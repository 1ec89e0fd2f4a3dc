/** What a mutation says, in words: for what is unsent, what was refused, and what a manager is asked to decide. */
import { LIMITS, type Limit, type MutationName } from '../store/mutations.gen';
import { dayInSentence, localDay, timeOfDay } from '../ui/dates';

/** Names of the rows that a mutation speaks of, by id. */
export type Names = ReadonlyMap<string, string>;

export interface Said {
  name: string;
  args: Record<string, unknown>;
}

const TITLES: Record<MutationName, string> = {
  'visit.plan': 'Visit planned', 'visit.change': 'Visit moved', 'visit.cancel': 'Visit cancelled', 'visit.log': 'Visit logged',
  'note.add': 'Note', 'promise.make': 'Promise', 'promise.keep': 'Promise kept', 'promise.break': 'Promise not kept',
  'account.change': 'Account changed', 'person.add': 'Person added', 'person.change': 'Person changed', 'consent.record': 'Consent',
  'goal.set': 'Goal', 'goal.change': 'Goal changed', 'message.post': 'Message', 'attachment.add': 'Photo', 'draft.decide': 'Decision on a draft',
  'quote.create': 'Quote', 'quote.change': 'Quote changed', 'quote.submit': 'Approval of a quote asked for', 'quote.decide': 'Decision on a quote',
  'quote.send': 'Quote sent', 'quote.revise': 'Next version of a quote', 'quote.withdraw': 'Quote withdrawn', 'quote.answer': 'Answer to a customer',
};

export const titleOf = ({ name }: Said): string => TITLES[name as MutationName] ?? name;

const LABELS: Record<string, string> = {
  text: 'Text', outcome: 'How it went', notes: 'Notes', next_step: 'Next step', attendee_ids: 'Who', due_on: 'By when', kept_on: 'Kept on',
  person_id: 'To whom', starts_at: 'Begins', ends_at: 'Ends', time_zone: 'Time zone', place: 'Where', purpose: 'What for', done_at: 'Ended',
  name: 'Name', industry: 'Industry', status: 'Status', phone: 'Phone', mobile: 'Mobile', website: 'Website', address: 'Address', employees: 'Employees',
  aliases: 'Also called', title: 'Title', role: 'In a decision', email: 'E-mail', language: 'Language', preferred_channel: 'Prefers',
  preferred_times: 'When', left_on: 'Left on', started_on: 'Began on', target: 'How they will know', channel: 'Channel', source: 'How we know',
  mentions: 'For', street: 'Street', postal_code: 'Postal code', city: 'Town', region: 'Region', country: 'Country', decision: 'Decision', content: 'Products', valid_until: 'Holds until', reason: 'Reason',
};

export function labelOf(field: string): string {
  const last = field.split('.').at(-1) ?? field;
  return LABELS[last] ?? last.replaceAll('_', ' ').replace(/^./, (first) => first.toUpperCase());
}

const VALUES: Record<string, string> = {
  decision_maker: 'decides', user: 'uses it', open: 'open', none: 'no contact', sms: 'text message', email: 'e-mail', granted: 'allowed', withdrawn: 'not wanted',
};

/** A value as a rep would say it. */
export function valueWords(value: unknown, names: Names, today: string, zone: string): string {
  if (value === null || value === undefined || value === '') return 'nothing';
  if (Array.isArray(value)) return value.length > 0 ? value.map((one) => valueWords(one, names, today, zone)).join(', ') : 'nobody';
  if (typeof value === 'object' && 'lines' in value) return quoted(value as Quoted);
  if (typeof value === 'object') return Object.values(value).filter(Boolean).map(String).join(', ') || 'nothing';
  const text = String(value);
  if (/^\d{4}-\d\d-\d\d$/.test(text)) return dayInSentence(text, today);
  if (/^\d{4}-\d\d-\d\dT/.test(text)) {
    const at = new Date(text);
    return `${dayInSentence(localDay(at, zone), today)} ${timeOfDay(at, zone)}`;
  }
  return names.get(text) ?? VALUES[text] ?? text;
}

interface Quoted {
  lines: { sku: string; quantity: string }[];
}

/** The content of a quote: `2 × PX, WATCH-P`. */
const quoted = ({ lines }: Quoted): string =>
  lines.map(({ sku, quantity }) => (quantity === '1' ? sku : `${quantity} × ${sku}`)).join(', ') || 'no products';

/** Members that mean nothing to a reader. */
const SILENT = new Set(['id', 'account_id', 'visit_id', 'base', 'time_zone', 'made_on', 'written_at', 'recorded_at', 'taken_at', 'media_type', 'size', 'sha256', 'attached', 'revision', 'shown']);

/** What was entered, field by field. */
export function entered({ args }: Said): [field: string, value: unknown][] {
  const fields = typeof args['fields'] === 'object' && args['fields'] ? (args['fields'] as Record<string, unknown>) : args;
  return Object.entries(fields).filter(([field, value]) => !SILENT.has(field) && value !== null && value !== undefined);
}

/** One line: the first words of what was entered. */
export function gist(said: Said, names: Names, today: string, zone: string): string {
  const first = entered(said).find(([field]) => ['text', 'outcome', 'notes', 'title', 'name', 'next_step'].includes(field)) ?? entered(said)[0];
  if (!first) return '';
  const words = valueWords(first[1], names, today, zone);
  return words.length > 90 ? `${words.slice(0, 88)}…` : words;
}

export interface Editable {
  field: string;
  limit: Limit;
  kind: 'text' | 'prose' | 'day' | 'choice';
}

/** Fields of a refused entry that a rep can put right here; of those that a form does not show, the ones that were at fault. */
export function editable(said: Said, atFault: ReadonlySet<string>): Editable[] {
  const limits = LIMITS[said.name as MutationName] ?? {};
  const { args } = said;
  const fields = (typeof args['fields'] === 'object' && args['fields'] ? args['fields'] : args) as Record<string, unknown>;
  return Object.entries(limits).flatMap(([field, limit]): Editable[] => {
    const value = fields[field];
    const there = value !== undefined || limit.required;
    if (!there || (SILENT.has(field) && !atFault.has(field)) || field.includes('.') || typeof value === 'object') return [];
    if (/_(on)$/.test(field)) return [{ field, limit, kind: 'day' }];
    if (limit.values) return [{ field, limit, kind: 'choice' }];
    if (!limit.maxLength || field === 'sha256') return [];
    return [{ field, limit, kind: limit.maxLength > 1000 ? 'prose' : 'text' }];
  });
}
