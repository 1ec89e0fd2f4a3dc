import { expect, test } from 'vitest';
import { add, compareAmounts, decimalOf, figures, isNegative, isZero, money, percent, rounded, signed, subtract } from '../src/quotes/money';

const plain = (text: string) => text.replaceAll('\u00a0', ' ');

test('amounts line up: symbol or code, thousands, signs', () => {
  expect(plain(money('18476.20', 'EUR'))).toBe('€ 18,476.20');
  expect(plain(money('-816.99', 'SEK'))).toBe('− SEK 816.99');
  expect(plain(signed('1310.00', 'EUR'))).toBe('+ € 1,310.00');
  expect(plain(signed('0.00', 'EUR'))).toBe('€ 0.00');
  expect([figures('-1234567'), figures('999'), figures('1000.5')]).toEqual(['1,234,567', '999', '1,000.5']);
});

test('there is no negative zero', () => {
  expect([isZero('-0.00'), isNegative('-0.00'), isNegative('-0.01')]).toEqual([true, false, true]);
  expect(plain(money('-0.00', 'EUR'))).toBe('€ 0.00');
});

test('sums and differences are exact', () => {
  expect(add('0.1', '0.2')).toBe('0.3');
  expect(subtract('100', '0.01')).toBe('99.99');
  expect(subtract('0.01', '100')).toBe('-99.99');
  expect(add('99999999999999999999.99', '0.01')).toBe('100000000000000000000.00');
  expect([compareAmounts('1.0', '1.00'), compareAmounts('-1', '0'), compareAmounts('2', '1.99')]).toEqual([0, -1, 1]);
});

test('percentages are said with one place', () => {
  expect([rounded('0.334296'), rounded('12'), rounded('-4.25'), rounded('99.96'), rounded('-0.04')]).toEqual(['0.3', '12.0', '-4.3', '100.0', '0.0']);
  expect(plain(percent(rounded('12')))).toBe('12 %');
});

test('figures are read as people type them', () => {
  expect([decimalOf('2,5'), decimalOf('1 200'), decimalOf(' 4 '), decimalOf('1e9'), decimalOf('-3'), decimalOf('four')]).toEqual(['2.5', '1200', '4', '', '', '']);
});
