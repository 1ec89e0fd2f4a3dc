/** Builds the engine as one script for a page of the bench's own: `node bench/build.mjs` prints it. `window.engine` has its functions. */
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const [entry = 'engine.ts'] = process.argv.slice(2);
const built = await build({
  configFile: false,
  logLevel: 'error',
  root: here('..'),
  build: { write: false, minify: true, target: 'es2022', lib: { entry: here(entry), formats: ['iife'], name: 'engine' } },
});
const [bundle] = Array.isArray(built) ? built : [built];
process.stdout.write(bundle.output[0].code);
