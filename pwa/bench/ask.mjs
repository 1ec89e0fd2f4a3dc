/** Answers questions to the configuration engine, one JSON object a line: `{"do", "args"}` → `{"value"}` or `{"error"}`. */
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { runnerImport } from 'vite';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const { module } = await runnerImport(here('engine.ts'), { configFile: false, logLevel: 'error', root: here('..') });
for await (const line of createInterface({ input: process.stdin })) {
  const { do: name, args } = JSON.parse(line);
  try {
    process.stdout.write(`${JSON.stringify({ value: (await module[name](...args)) ?? null })}\n`);
  } catch (error) {
    process.stdout.write(`${JSON.stringify({ error: String(error?.stack ?? error) })}\n`);
  }
}
