/**
 * The build's last steps: build the customer's page, keep the previous build's hashed files, and build the service worker
 * that knows the new ones.
 *
 * A phone with a waiting worker still runs the previous shell; it must find that shell's files on the server until it has
 * taken the update. So exactly one earlier generation of `assets/` stays, written down in `generations.json`.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build, type Plugin } from 'vite';

interface Generations {
  current: string[];
  previous: string[];
}

/** Files outside assets/ that the app needs with no network. */
const FIXED_FILES = ['manifest.webmanifest', 'icon.svg', 'icon-192.png'];

/** light-dark() */
export const CSS_TARGET = ['chrome123', 'firefox121', 'safari17.5'];

export function shell(options: { worker: string; customer: string }): Plugin {
  let directory = '';
  return {
    name: 'doorstep-shell',
    apply: 'build',
    configResolved(config) {
      directory = config.build.outDir;
    },
    transformIndexHtml: {
      order: 'post',
      // The script sets the theme and paints the stored day: nothing is worth painting before it.
      handler: (html) => html.replace('<script type="module"', '<script type="module" blocking="render"'),
    },
    async writeBundle(_, bundle) {
      const assets = Object.keys(bundle).filter((name) => name.startsWith('assets/')).sort();
      const others = await buildCustomer(directory, options.customer);
      await keepOneEarlierGeneration(directory, [...assets, ...others].sort());
      await buildWorker(directory, options.worker, assets);
    },
  };
}

/** Remove hashed files that neither this build nor the one before it made; building the same again changes nothing. */
export async function keepOneEarlierGeneration(directory: string, current: string[]): Promise<void> {
  const path = join(directory, 'generations.json');
  const before: Generations = existsSync(path)
    ? (JSON.parse(await readFile(path, 'utf8')) as Generations)
    : { current: [], previous: [] };
  const unchanged = before.current.join() === current.join();
  const generations: Generations = { current, previous: unchanged ? before.previous : before.current };
  const keep = new Set([...generations.current, ...generations.previous]);
  for (const name of await readdir(join(directory, 'assets'))) {
    if (!keep.has(`assets/${name}`)) await rm(join(directory, 'assets', name));
  }
  await writeFile(path, `${JSON.stringify(generations, null, 2)}\n`);
}

/** The customer's page: its own files, none of them in the shell that phones keep. Answers the hashed ones. */
async function buildCustomer(directory: string, entry: string): Promise<string[]> {
  const made = await build({
    configFile: false,
    root: join(entry, '..'),
    logLevel: 'warn',
    publicDir: false,
    oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
    build: {
      outDir: directory,
      emptyOutDir: false,
      target: 'es2022',
      cssTarget: CSS_TARGET,
      modulePreload: { polyfill: false },
      reportCompressedSize: false,
      rollupOptions: { input: entry },
    },
  });
  const outputs = (Array.isArray(made) ? made : [made]).flatMap((one) => ('output' in one ? one.output : []));
  return outputs.map(({ fileName }) => fileName).filter((name) => name.startsWith('assets/'));
}

async function buildWorker(directory: string, entry: string, assets: string[]): Promise<void> {
  const background = 'background.js';
  await buildScript(directory, join(entry, '..', 'worker', 'background.ts'), background, {});
  const hash = createHash('sha256');
  for (const name of ['index.html', background, ...assets, ...FIXED_FILES]) hash.update(await readFile(join(directory, name)));
  const files = ['/', ...[...assets, ...FIXED_FILES].map((name) => `/${name}`)];
  await buildScript(directory, entry, 'worker.js', {
    SHELL_VERSION: JSON.stringify(hash.digest('hex').slice(0, 12)),
    SHELL_FILES: JSON.stringify(files),
  });
}

/** A script by itself; what it exports is a global of its name. */
async function buildScript(directory: string, entry: string, fileName: string, define: Record<string, string>): Promise<void> {
  await build({
    configFile: false,
    logLevel: 'warn',
    publicDir: false,
    define,
    build: {
      outDir: directory,
      emptyOutDir: false,
      target: 'es2022',
      lib: { entry, formats: ['iife'], name: fileName.split('.')[0] as string, fileName: () => fileName },
    },
  });
}
