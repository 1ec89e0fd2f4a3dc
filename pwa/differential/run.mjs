/** Runs a door of this folder in Node: `node differential/run.mjs price`. */
import { fileURLToPath } from 'node:url';
import { runnerImport } from 'vite';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const [door] = process.argv.slice(2);
const { module } = await runnerImport(here(`${door}.ts`), {
  configFile: false,
  logLevel: 'error',
  root: here('..'),
  resolve: { alias: { '@messages': here('../../app/briefing/messages') } },
});
module.serve();
