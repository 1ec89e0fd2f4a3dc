/** Amounts in words of the house: `€ 18,476.20`, `− € 816.99`. Decimal strings all the way; no number is made of them. */

const SYMBOLS: Record<string, string> = { EUR: '€', GBP: '£', USD: '$' };
const NBSP = '\u00a0';
export const MINUS = '\u2212';

/** `18476.2` → `18,476.2` */
export function figures(amount: string): string {
  const [whole = '0', rest] = amount.replace(/^[-+]/, '').split('.');
  const grouped = whole.replaceAll(/\B(?=(\d{3})+$)/g, ',');
  return rest ? `${grouped}.${rest}` : grouped;
}

export const isZero = (amount: string): boolean => /^-?0*(\.0*)?$/.test(amount);
export const isNegative = (amount: string): boolean => amount.startsWith('-') && !isZero(amount);

export const money = (amount: string, currency: string): string =>
  `${isNegative(amount) ? `${MINUS}${NBSP}` : ''}${SYMBOLS[currency] ?? currency}${NBSP}${figures(amount)}`;

/** The same with its sign, for what is added or taken away. */
export const signed = (amount: string, currency: string): string =>
  isNegative(amount) || isZero(amount) ? money(amount, currency) : `+${NBSP}${money(amount, currency)}`;

const PERIODS: Record<string, string> = { month: 'month', year: 'year', day: 'day', quarter: 'quarter' };
export const per = (period: string | undefined): string => (period ? ` / ${PERIODS[period] ?? period}` : '');

/** `4.50` → `4.5`; what a percentage or a quantity looks like. */
export const plain = (value: string): string => (value.includes('.') ? value.replace(/\.?0+$/, '') : value);
/** A sentence whose figures stay with their percent sign. */
export const unbroken = (text: string): string => text.replaceAll(/(\d) %/g, `$1${NBSP}%`);
export const percent = (value: string): string => `${plain(value)}${NBSP}%`;

/** A percentage as it is said: one place, half up, of the text alone. */
export function rounded(value: string): string {
  const tenths = scaled(value, 2 + placesOf(value)) * 10n;
  const unit = 10n ** BigInt(2 + placesOf(value));
  const size = tenths < 0n ? -tenths : tenths;
  const whole = (size * 2n + unit) / (unit * 2n);
  return `${tenths < 0n && whole > 0n ? '-' : ''}${whole / 10n}.${whole % 10n}`;
}

/** Sums and differences of decimal strings, exactly. */
function scaled(amount: string, places: number): bigint {
  const [whole = '0', rest = ''] = amount.replace(/^[-+]/, '').split('.');
  const size = BigInt(whole + rest.padEnd(places, '0'));
  return amount.startsWith('-') ? -size : size;
}

const placesOf = (amount: string): number => amount.split('.')[1]?.length ?? 0;

export function add(a: string, b: string): string {
  const places = Math.max(placesOf(a), placesOf(b));
  const sum = scaled(a, places) + scaled(b, places);
  const digits = (sum < 0n ? -sum : sum).toString().padStart(places + 1, '0');
  const text = places ? `${digits.slice(0, -places)}.${digits.slice(-places)}` : digits;
  return sum < 0n ? `-${text}` : text;
}

export const negated = (amount: string): string => (amount.startsWith('-') ? amount.slice(1) : isZero(amount) ? amount : `-${amount}`);
export const subtract = (a: string, b: string): string => add(a, negated(b));
/** Whether a is less than, equal to or more than b: -1, 0 or 1. */
export function compareAmounts(a: string, b: string): number {
  const difference = subtract(a, b);
  return isZero(difference) ? 0 : difference.startsWith('-') ? -1 : 1;
}

/** A decimal as people type it: comma or point, spaces between thousands. Empty when it is none. */
export function decimalOf(text: string): string {
  const plain = text.trim().replaceAll(/[\s\u00a0’']/g, '').replace(',', '.');
  return /^\d{1,15}(\.\d{1,4})?$/.test(plain) ? plain : '';
}
