/** Phones that take notices, in Node: `node faults/notices.mjs FOLDER` with the folder of the built app. */
import { fileURLToPath } from 'node:url';
import { runnerImport } from 'vite';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const [folder] = process.argv.slice(2);
const { module } = await runnerImport(here('notices.ts'), {
  configFile: false,
  logLevel: 'error',
  root: here('..'),
  resolve: { alias: { '@messages': here('../../app/briefing/messages') } },
});
await module.receive(folder);
