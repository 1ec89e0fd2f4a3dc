/** Builds the client and runs the driver: `node faults/run.mjs http://127.0.0.1:PORT`. */
import { fileURLToPath } from 'node:url';
import { build, runnerImport } from 'vite';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const [origin] = process.argv.slice(2);
const shared = {
  configFile: false,
  logLevel: 'error',
  root: here('..'),
  resolve: { alias: { '@messages': here('../../app/briefing/messages') } },
};

const built = await build({
  ...shared,
  mode: 'production',
  build: { write: false, minify: false, target: 'es2022', lib: { entry: here('client.ts'), formats: ['iife'], name: 'client' } },
});
const [bundle] = Array.isArray(built) ? built : [built];
const { module } = await runnerImport(here('driver.ts'), shared);
module.drive(bundle.output[0].code, origin);
