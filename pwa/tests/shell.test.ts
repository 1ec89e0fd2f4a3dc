import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { keepOneEarlierGeneration } from '../build/shell.ts';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'shell-'));
  await mkdir(join(directory, 'assets'));
});

afterEach(() => rm(directory, { recursive: true }));

async function build(...names: string[]): Promise<string[]> {
  for (const name of names) await writeFile(join(directory, 'assets', name), name);
  await keepOneEarlierGeneration(directory, names.map((name) => `assets/${name}`));
  return (await readdir(join(directory, 'assets'))).sort();
}

test('the files of exactly one earlier build stay', async () => {
  expect(await build('a1.js', 'b1.css')).toEqual(['a1.js', 'b1.css']);
  expect(await build('a2.js', 'b1.css')).toEqual(['a1.js', 'a2.js', 'b1.css']);
  expect(await build('a3.js', 'b1.css')).toEqual(['a2.js', 'a3.js', 'b1.css']);
});

test('building the same again does not forget the build before', async () => {
  await build('a1.js');
  await build('a2.js');
  expect(await build('a2.js')).toEqual(['a1.js', 'a2.js']);
});
