import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { lineText, moneyText, pieces, showLine } from '../src/briefing/text';
import type { Fact } from '../src/store/rows';

interface Case {
  kind: string;
  facts: Record<string, Fact>;
  now: string;
  time_zone: string;
  text: string;
  why?: string | null;
}

const vectors = JSON.parse(
  readFileSync(new URL('../../fixtures/vectors/briefing-text.json', import.meta.url), 'utf8'),
) as { cases: Case[] };

describe('a line reads on the phone as the server would write it', () => {
  test.each(vectors.cases.map((one, index) => [`${index} ${one.kind}`, one] as const))('%s', (_, one) => {
    const shown = lineText(one.kind, one.facts, new Date(one.now), one.time_zone);
    expect(shown).toEqual({ claim: one.text, why: one.why ?? null });
  });
});

describe('money', () => {
  test.each([
    ['1131.61', 'EUR', '€\u00a01,131.61'],
    ['-1234567.5', 'SEK', '\u2212SEK\u00a01,234,567.5'],
    ['0.10', 'GBP', '£\u00a00.10'],
    ['1000', 'JPY', 'JPY\u00a01,000'],
  ])('%s %s', (amount, currency, text) => expect(moneyText(amount, currency)).toBe(text));
});

test('a kind of a newer server is shown plainly, not dropped', () => {
  expect(lineText('robot.waving', { name: 'Unit 7', count: 3 }, new Date(), 'UTC').claim).toBe('robot waving · Unit 7 · 3');
});

test('a line whose facts do not fill its message is left out and reported', () => {
  const reported: unknown[] = [];
  const original = console.error;
  console.error = (...words: unknown[]) => reported.push(words);
  try {
    expect(showLine({ kind: 'ticket.overdue', facts: {} }, new Date(), 'UTC')).toBeNull();
  } finally {
    console.error = original;
  }
  expect(reported).toHaveLength(1);
});

test('figures between ** are bold and nothing else is', () => {
  expect(pieces('**28 %** less, since **Monday**.')).toEqual([
    { text: '28 %', bold: true },
    { text: ' less, since ', bold: false },
    { text: 'Monday', bold: true },
    { text: '.', bold: false },
  ]);
});
