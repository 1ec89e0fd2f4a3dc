/** Words of quotes: promises, tiers, problems and sums, as the rep and the customer read them. */
import { expect, test } from 'vitest';
import type { Document, Part } from '../src/customer/types';
import { change, due, inOneBreath, moveWords } from '../src/customer/words';
import { unbroken } from '../src/quotes/money';
import { problemWords } from '../src/quotes/pricing';
import { durationWords, promiseWords } from '../src/quotes/promises';
import { tierWords } from '../src/quotes/waterfall';

const plain = (text: string) => text.replaceAll('\u00a0', ' ');

test.each([
  ['PT4H', '4 hours'], ['PT1H', '1 hour'], ['P2D', '2 days'], ['PT30M', '30 minutes'], ['P1M', 'P1M'], ['soon', 'soon'],
])('%s is said as %s', (iso, words) => expect(durationWords(iso)).toBe(words));

test.each([
  [{ metric: 'availability', target: '99.5', percent: '99.5' }, { percent: '2', per: 'month', cap_percent: '30' },
    'Available 99.5 % of the time. When missed, 2 % is credited for each month, up to 30 %.'],
  [{ metric: 'first_response', target: 'PT4H', percent: '98' }, { percent: '5', per: 'month' },
    'First answer within 4 hours, in 98 % of cases. When missed, 5 % is credited for each month.'],
  [{ metric: 'delivery', target: 'agreed day', percent: '100' }, undefined, 'Delivery: agreed day.'],
])('a promise is said as on the page and on paper', (service_level, credit, words) =>
  expect(promiseWords({ service_level, ...(credit ? { credit } : {}) })).toBe(words));

test('a tier says its units, its price and what they come to, with all places of the currency', () => {
  expect(plain(tierWords({ units: '15', unit: '21.66', flat: '0', amount: '324.9' }, 'SEK'))).toBe('15 at SEK 21.66: SEK 324.90');
  expect(plain(tierWords({ units: '5', unit: '3', flat: '7', amount: '22' }, 'JPY'))).toBe('5 at JPY 3 and JPY 7 flat: JPY 22');
});

test('what is wrong says at which line', () => {
  const document = { products: [{ sku: 'W', name: 'Watch' }] } as never;
  const content = { lines: [{ id: 'l1', sku: 'W', quantity: '1' }] } as never;
  expect(problemWords({ pointer: '/lines/0/ramp', detail: 'is too long' }, document, content)).toBe('Watch: is too long');
  expect(problemWords({ pointer: '/price_book', detail: 'price book "A" ended' }, document, content)).toBe('Price book "A" ended');
});

test('a sum is said in one breath, and nothing has no sign', () => {
  const sum = (net: string) => ({ net, tax: '0.00', gross: net });
  const document = { currency: 'EUR', totals: { one_time: sum('5.00'), recurring: { month: sum('2.00'), year: sum('3.00') }, ...sum('10.00') } } as unknown as Document;
  expect(plain(inOneBreath(document))).toBe('€ 5.00 once, € 2.00 monthly and € 3.00 yearly');
  expect([change('0.00', 'EUR'), change('1.00', 'EUR'), change('-1.00', 'EUR')].map(plain)).toEqual(['€ 0.00', '+ € 1.00', '− € 1.00']);
});

test('what a choice would cost is said with when it is due, and whether the seller looks at it first', () => {
  const once = { charge: 'one_time', period: null, net: '1200.00' } as const;
  const monthly = { charge: 'recurring', period: 'month', net: '-4.50' } as const;
  const words = (moves: (typeof once | typeof monthly)[], confirm = false) => plain(moveWords({ value: 'v', moves, confirm }, 'EUR'));
  expect(words([once, monthly])).toBe('+ € 1,200.00 · − € 4.50 a month');
  expect(words([])).toBe('same price');
  expect(words([], true)).toBe('same price · the seller confirms it first');
});

test('a part of a ramp says in which month it begins', () => {
  const part = (id: string) => ({ id, charge: 'recurring', period: 'month', periods: '6' }) as unknown as Part;
  expect(due(part('l1'))).toBe('a month, for 6 months');
  expect(due(part('l1.m6'))).toBe('a month from month 7, for 6 months');
});

test('a figure stays with its percent sign', () => expect(unbroken('9 % below; a rep may give 5 %')).toBe('9\u00a0% below; a rep may give 5\u00a0%'));
