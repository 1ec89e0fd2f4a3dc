import { describe, expect, test } from 'vitest';
import { addDays, age, dayDistance, dayName, duration, localDay, moment, startOfDay, timeOfDay } from '../src/ui/dates';

const now = new Date('2026-11-21T08:00:00Z'); // a Saturday, 09:00 in Stockholm
const zone = 'Europe/Stockholm';

describe('the age of a figure', () => {
  test.each([
    ['2026-11-21T07:59:30Z', 'just now'],
    ['2026-11-21T07:48:00Z', '12 min ago'],
    ['2026-11-21T06:00:00Z', '2 h ago'],
    ['2026-11-21T00:00:00Z', 'today 01:00'],
    ['2026-11-20T05:00:00Z', 'yesterday 06:00'],
    ['2026-11-19T05:00:00Z', 'Thursday'],
    ['2026-11-09T05:00:00Z', '9 November'],
    ['2025-11-09T05:00:00Z', '9 November 2025'],
    ['2026-11-21T18:00:00Z', 'today 19:00'],
  ])('%s is "%s"', (instant, words) => expect(age(instant, now, zone)).toBe(words));
});

describe('days', () => {
  test('a day begins at local midnight, also when the clock changes that day', () => {
    expect(startOfDay('2026-11-21', zone).toISOString()).toBe('2026-11-20T23:00:00.000Z');
    expect(startOfDay('2026-03-29', zone).toISOString()).toBe('2026-03-28T23:00:00.000Z');
    expect(startOfDay('2026-10-25', zone).toISOString()).toBe('2026-10-24T22:00:00.000Z');
    expect(startOfDay('2026-11-21', 'Pacific/Auckland').toISOString()).toBe('2026-11-20T11:00:00.000Z');
    expect(startOfDay('2026-11-21', 'America/Los_Angeles').toISOString()).toBe('2026-11-21T08:00:00.000Z');
  });

  test('a day whose midnight does not exist begins when the clock has been put forward', () => {
    expect(startOfDay('2018-11-04', 'America/Sao_Paulo').toISOString()).toBe('2018-11-04T03:00:00.000Z');
  });

  test('names and distances', () => {
    expect(dayName('2026-11-22', '2026-11-21')).toBe('Tomorrow');
    expect(dayName('2026-11-26', '2026-11-21')).toBe('Thursday');
    expect(dayName('2026-12-01', '2026-11-21')).toBe('1 December');
    expect(dayDistance('2026-02-28', '2026-03-01')).toBe(1);
    expect(addDays('2026-12-31', 1)).toBe('2027-01-01');
    expect(localDay(new Date('2026-11-21T23:30:00Z'), zone)).toBe('2026-11-22');
    expect(timeOfDay(new Date('2026-11-21T23:05:00Z'), zone)).toBe('00:05');
  });
});

test('the pill names the day only when it is not today', () => {
  expect(moment('2026-11-21T06:40:00Z', now, zone)).toBe('07:40');
  expect(moment('2026-11-19T06:40:00Z', now, zone)).toBe('Thu 07:40');
  expect(moment('2026-11-09T06:40:00Z', now, zone)).toBe('9 Nov 07:40');
});

test('lengths of time are short', () => {
  expect([52, 60, 80, 202, 720, 3000].map((minutes) => duration(minutes * 60_000))).toEqual([
    '52 min', '1 h', '1 h 20', '3 h 22', '12 h', '2 days',
  ]);
});
