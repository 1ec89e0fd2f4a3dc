import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseSync } from 'vite';
import { describe, expect, test } from 'vitest';

/** Files that touch amounts. Days are counted with whole numbers in `dates.ts`, bits in `sha256.ts`, where no amount is. */
const ROOMS = ['../src/cpq/price/', '../src/cpq/quote/'];
const ELSEWHERE = new Set(['dates.ts', 'sha256.ts', 'currencies.gen.ts']);
/** What is done with whole numbers that are no amounts: big integers, months, places in lists, values of integer features. */
const COUNTED: Readonly<Record<string, readonly string[]>> = {
  'decimals.ts': ['/', '%'],
  'amend.ts': ['Math.max'],
  'assembly.ts': ['Number()'],
  'canonical.ts': ['Number()', 'Number.parseInt'],
  'deal.ts': ['Number()'],
  'figures.ts': ['found.toNumber'],
  'options.ts': ['Number()', '%'],
  'parts.ts': ['Math.max', 'Math.floor', '/', '%'],
  'terms.ts': ['Math.max', 'Math.min'],
};
const CONVERSIONS = new Set(['Number', 'parseFloat', 'parseInt']);
const METHODS = new Set(['toNumber', 'valueOf', 'toPrecision', 'toExponential']);
const CHECKS = new Set(['isInteger', 'isSafeInteger']);

interface Node {
  type: string;
  start: number;
  [member: string]: unknown;
}

const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null && typeof (value as Node).type === 'string';
const nameOf = (value: unknown): string => (isNode(value) && value.type === 'Identifier' ? String(value['name']) : '');

/** Everything in TypeScript that makes a floating-point number of an amount, or computes with one. */
function floats(source: string, counted: readonly string[] = []): string[] {
  const { program, errors } = parseSync('source.ts', source);
  if (errors.length > 0) throw new Error(errors[0]?.message);
  const found: string[] = [];
  const say = (node: Node, words: string) => {
    if (!counted.includes(words)) found.push(`line ${source.slice(0, node.start).split('\n').length}: ${words}`);
  };
  const look = (node: Node): void => {
    if (node.type === 'Literal' && typeof node['value'] === 'number' && !/^[0-9_]+$/.test(String(node['raw']))) {
      say(node, `the literal ${String(node['raw'])}`);
    }
    if (node.type === 'CallExpression' && CONVERSIONS.has(nameOf(node['callee']))) say(node, `${nameOf(node['callee'])}()`);
    if (node.type === 'MemberExpression') {
      const object = nameOf(node['object']);
      const property = nameOf(node['property']);
      if (object === 'Math' || (object === 'Number' && !CHECKS.has(property)) || METHODS.has(property)) say(node, `${object}.${property}`);
    }
    if (node.type === 'UnaryExpression' && node['operator'] === '+') say(node, 'unary +');
    const operator = String(node['operator']);
    if (/^(Binary|Assignment)Expression$/.test(node.type) && /^(\/|%|\*\*)=?$/.test(operator)) say(node, operator);
    for (const value of Object.values(node)) {
      for (const child of Array.isArray(value) ? value : [value]) if (isNode(child)) look(child);
    }
  };
  look(program as unknown as Node);
  return found;
}

const files = ROOMS.flatMap((room) => {
  const folder = fileURLToPath(new URL(room, import.meta.url));
  return readdirSync(folder)
    .filter((name) => name.endsWith('.ts') && !ELSEWHERE.has(name))
    .map((name): [string, string] => [`${room}${name}`, `${folder}${name}`]);
});

describe('no float is made where amounts are', () => {
  test.each(files)('%s', (name, path) => {
    expect(floats(readFileSync(path, 'utf8'), COUNTED[name.split('/').at(-1) ?? ''])).toEqual([]);
  });

  test('the rooms are there', () => {
    const names = files.map(([name]) => name);
    expect(names).toEqual(expect.arrayContaining(['../src/cpq/price/engine.ts', '../src/cpq/quote/index.ts']));
  });
});

describe('the ways to a float', () => {
  test.each(['a = 0.1', 'a = 1e3', 'a = Number(b)', 'a = +b', 'a = parseFloat(b)', 'a = Math.round(b)', 'a = b.toNumber()', 'a = b / 2', 'a /= 2', 'a = b ** 2', 'a = Number.parseInt(b)', 'a = 0x10'])(
    '%s is found',
    (source) => expect(floats(source)).not.toEqual([]),
  );

  test.each(["a = '0.1'", 'a = 10', 'a = b - 1', 'a = b.div(c)', 'a = -1', 'a = Number.isInteger(b)', 'a = /1.5/.test(b)'])(
    '%s is left alone',
    (source) => expect(floats(source)).toEqual([]),
  );
});
