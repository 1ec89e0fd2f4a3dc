import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { unpack, type Packed } from '../src/store/unpack';

const vectors = JSON.parse(
  readFileSync(new URL('../../fixtures/vectors/packed-rows.json', import.meta.url), 'utf8'),
) as { name: string; rows: Record<string, unknown[]>; packed: Packed }[];

test.each(vectors)('packed rows are unpacked as the server packed them: $name', ({ rows, packed }) => {
  expect(unpack(packed)).toStrictEqual(rows);
});

test('a key that means something to JavaScript is a key like any other', () => {
  const packed = { types: ['a'], shapes: [['__proto__']], ids: [[], '', '', ''], texts: ['x'], columns: {
    a: [[-2]], 'a.': [[0]], 'a..__proto__': { t: [0] } } } as unknown as Packed;
  expect(JSON.stringify(unpack(packed))).toBe('{"a":[{"__proto__":"x"}]}');
});
