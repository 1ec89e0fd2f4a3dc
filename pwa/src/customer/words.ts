/** Amounts and days in words, the same as on the PDF. Amounts are decimal strings and stay so: nothing is calculated here. */
import type { Change, Part, Sum, Document, ValuePrice } from './types';

const SIGNS: Record<string, string> = { EUR: '€', GBP: '£', USD: '$', JPY: '¥' };
const MONTHS = [
  'January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December',
] as const;

/** `€ 18,476.20`, with spaces that do not break; the minus stands first. */
export function money(amount: string, currency: string): string {
  const [, minus, whole = '0', places = ''] = /^(-?)(\d+)(\.\d+)?$/.exec(amount) ?? ['', '', amount];
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  return `${minus ? '−\u00a0' : ''}${SIGNS[currency] ?? currency}\u00a0${grouped}${places}`;
}

/** A step's amount with its sign: `+ € 1,310.00`. */
export const change = (amount: string, currency: string): string =>
  amount.startsWith('-') || isZero(amount) ? money(amount, currency) : `+\u00a0${money(amount, currency)}`;

export const isZero = (amount: string): boolean => /^-?0+(\.0+)?$/.test(amount);

/** `21 December 2026` */
export function day(iso: string): string {
  const [year, month, date] = iso.slice(0, 10).split('-').map(Number);
  return `${date} ${MONTHS[(month ?? 1) - 1]} ${year}`;
}

/** Today in the reader's own calendar, as an ISO day. */
export function today(): string {
  const now = new Date();
  const two = (value: number) => String(value).padStart(2, '0');
  return `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`;
}

export const plural = (count: string | number, one: string): string => `${count} ${one}${String(count) === '1' ? '' : 's'}`;

/** The month in which a part of a ramp begins; 1 of everything else. */
export const beginsIn = ({ id }: Part): number => Number(/\.m(\d+)/.exec(id)?.[1] ?? 0) + 1;

/** When a price is due: empty for once. */
export function due(part: Part): string {
  if (part.charge !== 'recurring' && part.charge !== 'usage') return '';
  const period = part.period ?? 'month';
  if (part.charge === 'usage') return `a ${period}, by use as expected`;
  const begins = beginsIn(part);
  const from = begins > 1 ? `a ${period} from month ${begins}` : `a ${period}`;
  return part.periods && part.periods !== '1' ? `${from}, for ${part.periods} ${period}s` : from;
}

const PERIODS: Record<string, string> = { month: 'Monthly', year: 'Yearly' };

/** The sums of an offer by when they are due; what comes to nothing is left out, but never all of it. */
export function sums({ totals }: Document): [name: string, sum: Sum][] {
  const all: [string, Sum][] = totals.one_time ? [['Once', totals.one_time]] : [];
  for (const [period, sum] of Object.entries(totals.recurring ?? {})) all.push([PERIODS[period] ?? `Every ${period}`, sum]);
  for (const [period, sum] of Object.entries(totals.usage ?? {})) all.push([`${PERIODS[period] ?? `Every ${period}`} by use`, sum]);
  const some = all.filter(([, sum]) => !isZero(sum.net));
  return some.length > 0 ? some : [['In all', totals]];
}

/** What a value would cost: `+ € 1,200.00`, `− € 4.50 a month`, `same price`. */
export function moveWords({ moves, confirm }: ValuePrice, currency: string): string {
  const words = moves.map(({ charge, period, net }) => `${change(net, currency)}${period ? ` a ${period}` : ''}${charge === 'usage' ? ' by use' : ''}`);
  return [...(words.length > 0 ? words : ['same price']), ...(confirm ? ['the seller confirms it first'] : [])].join(' · ');
}

/** A change of the customer's in words: `Cargo bike: Motor 750 W`. */
export function changeWords(change: Change, { lines }: Document): string {
  const line = lines.find(({ id }) => id === change.line);
  const name = line?.name ?? change.line;
  if ('quantity' in change) return `${name}: quantity ${change.quantity}`;
  if ('selected' in change) return `${name}: ${change.selected ? 'taken' : 'left out'}`;
  if ('term' in change) return `${name}: ${line?.term?.name ?? change.term}`;
  const feature = line?.configuration.flatMap(({ features }) => features).find(({ id }) => id === change.feature);
  return `${name}: ${feature ? `${feature.name} ${feature.text}` : change.value}`;
}

/** What an offer comes to, each sum with when it is due: `€ 38,084.00 once`, `€ 218.00 monthly`. */
export const dueWords = (document: Document): string[] =>
  sums(document).map(([name, sum]) => `${money(sum.net, document.currency)} ${name.toLowerCase()}`);

/** The same in one breath: `€ 38,084.00 once, € 218.00 monthly and € 95.00 yearly`. */
export function inOneBreath(document: Document): string {
  const all = dueWords(document);
  return [all.slice(0, -1).join(', '), ...all.slice(-1)].filter(Boolean).join(' and ');
}
