/**
 * Text of a line, from its kind and its facts, by the Fluent catalogue that the server reads too.
 *
 * The rules for days, spans and money are those of the server's renderer; `fixtures/vectors/briefing-text.json` holds both
 * sides to them. Nothing depends on the DATETIME and NUMBER options of a Fluent implementation or on `Intl` for money.
 */
import { FluentBundle, FluentResource, type FluentVariable } from '@fluent/bundle';
import catalogue from '@messages/en.ftl?raw';
import kindTable from '@messages/kinds.json';
import type { CardKind, Fact, IsoDate, Line } from '../store/rows';
import { dayDistance, localDay, timeOfDay } from '../ui/dates';

export type Sign = 'bad' | 'warn' | 'good' | 'info';

export interface KindSpec {
  card: string;
  sign: Sign;
  icon: string;
}

export interface LineText {
  claim: string;
  why: string | null;
}

const LOCALE = 'en-GB';
const SYMBOLS: Record<string, string> = { EUR: '€', GBP: '£', USD: '$' };
const NO_BREAK_SPACE = '\u00a0';
const MINUS = '\u2212';

let parsed: FluentBundle | undefined;

/** The catalogue, parsed at first use: that is while the first rows are being read, not before they are asked for. */
function messages(): FluentBundle {
  if (!parsed) {
    parsed = new FluentBundle(LOCALE, { useIsolating: false });
    parsed.addResource(new FluentResource(catalogue));
  }
  return parsed;
}

/** Parse the catalogue now, at a time when nothing else could be done. */
export const prepareText = (): void => void messages();

const kinds = kindTable as Record<string, KindSpec>;
const UNKNOWN: KindSpec = { card: 'before', sign: 'info', icon: '•' };

/** How a kind appears. A kind from a newer server than this app is shown plainly rather than dropped. */
export const kindSpec = (kind: string): KindSpec => kinds[kind] ?? UNKNOWN;

export const cardTitle = (kind: CardKind): string => format(`card-${kind}`, {}) ?? kind;

/** The text of a line as read at `now` by somebody in `timeZone`. Figures stand between `**`. */
export function lineText(
  kind: string, facts: Record<string, Fact>, now: Date, timeZone: string,
): LineText {
  const id = kind.replaceAll('.', '-');
  const values = messageArguments(facts, now, timeZone);
  return { claim: format(id, values) ?? unknownText(kind, facts), why: format(id, values, 'why') };
}

/** A message's text; null when there is none. Throws when the facts do not fill it: better no line than half a claim. */
function format(id: string, values: Record<string, FluentVariable>, attribute?: string): string | null {
  const bundle = messages();
  const message = bundle.getMessage(id);
  const pattern = attribute ? message?.attributes[attribute] : message?.value;
  if (!pattern) return null;
  const errors: Error[] = [];
  const text = bundle.formatPattern(pattern, values, errors);
  if (errors[0]) throw new Error(`${id}: ${errors[0].message}`);
  return text;
}

function unknownText(kind: string, facts: Record<string, Fact>): string {
  const words = Object.values(facts).filter((fact) => typeof fact === 'string' || typeof fact === 'number');
  return [kind.replaceAll(/[._]/g, ' '), ...words].join(' · ');
}

/** The variables of a message, from the facts of its line. */
export function messageArguments(
  facts: Record<string, Fact>, now: Date, timeZone: string,
): Record<string, FluentVariable> {
  const today = localDay(now, timeZone);
  const values: Record<string, FluentVariable> = {};
  for (const [name, fact] of Object.entries(facts)) {
    if (typeof fact === 'boolean') values[name] = fact ? 'yes' : 'no';
    else if (typeof fact !== 'object') values[name] = fact;
    else if ('money' in fact) values[name] = moneyText(...fact.money);
    else if ('date' in fact) Object.assign(values, dayWords(name, fact.date, today));
    else {
      const instant = new Date(fact.instant);
      Object.assign(values, dayWords(name, localDay(instant, timeZone), today));
      values[`${name}_time`] = timeOfDay(instant, timeZone);
    }
  }
  return values;
}

interface DayWords {
  when: string;
  suffixed: [suffix: string, words: string][];
}

/** A briefing names the same few days over and over. */
const knownDays = new Map<string, DayWords>();

function dayWords(name: string, day: IsoDate, today: IsoDate): Record<string, string> {
  const key = `${day} ${today}`;
  let known = knownDays.get(key);
  if (!known) knownDays.set(key, (known = sayDay(day, today)));
  const words: Record<string, string> = { [`${name}_when`]: known.when };
  for (const [suffix, text] of known.suffixed) words[name + suffix] = text;
  return words;
}

const FORMS = [['', 'word'], ['_on', 'on'], ['_span', 'span'], ['_in', 'in']] as const;

function sayDay(day: IsoDate, today: IsoDate): DayWords {
  const days = dayDistance(today, day);
  const [year, month, date] = day.split('-').map(Number) as [number, number, number];
  const when = days === 0 ? 'today' : days > 0 ? 'future' : 'past';
  const [n, unit] = span(Math.abs(days));
  const weekday = new Date(`${day}T00:00Z`).getUTCDay() || 7;
  const sameYear = day.slice(0, 4) === today.slice(0, 4);
  const values = { form: form(days, sameYear), when, weekday, day: String(date), month, year: String(year), n, unit };
  return { when, suffixed: FORMS.map(([suffix, id]) => [suffix, format(`date-${id}`, values) ?? day]) };
}

function form(days: number, sameYear: boolean): string {
  if (days === -1) return 'yesterday';
  if (days === 0) return 'today';
  if (days === 1) return 'tomorrow';
  const distance = Math.abs(days);
  return distance <= 6 ? 'weekday' : sameYear || distance <= 183 ? 'day' : 'year';
}

function span(days: number): [number, string] {
  if (days <= 20) return [days, 'day'];
  if (days <= 83) return [Math.floor(days / 7), 'week'];
  if (days <= 729) return [Math.floor(days / 30), 'month'];
  return [Math.floor(days / 365), 'year'];
}

/** `1131.61`, `EUR` → `€ 1,131.61`; a currency without a common symbol keeps its ISO code. */
export function moneyText(amount: string, currency: string): string {
  const negative = amount.startsWith('-');
  const [whole = '0', fraction] = (negative ? amount.slice(1) : amount).split('.');
  const grouped = whole.replace(/^0+(?=\d)/, '').replaceAll(/\B(?=(\d{3})+$)/g, ',');
  const digits = fraction === undefined ? grouped : `${grouped}.${fraction}`;
  return `${negative ? MINUS : ''}${SYMBOLS[currency] ?? currency}${NO_BREAK_SPACE}${digits}`;
}

/** Text with `**figures**` in it, in pieces. */
export function pieces(text: string): { text: string; bold: boolean }[] {
  return text
    .split('**')
    .map((piece, index) => ({ text: piece, bold: index % 2 === 1 }))
    .filter((piece) => piece.text !== '');
}

/** The same without marks, for labels and titles. */
export const plain = (text: string): string => text.replaceAll('**', '');

export interface Shown extends LineText {
  spec: KindSpec;
}

/** A line as it is shown; null for one whose facts do not fill its message, which is reported and left out. */
export function showLine(line: Pick<Line, 'kind'> & { facts?: Line['facts'] }, now: Date, timeZone: string): Shown | null {
  try {
    return { ...lineText(line.kind, line.facts ?? {}, now, timeZone), spec: kindSpec(line.kind) };
  } catch (error) {
    console.error('A line was left out:', error);
    return null;
  }
}
