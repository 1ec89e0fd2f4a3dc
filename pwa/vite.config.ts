import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { CSS_TARGET, shell } from './build/shell.ts';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  resolve: { alias: { '@messages': here('../app/briefing/messages') } },
  build: {
    outDir: here('../app/static/pwa'),
    emptyOutDir: false, // the previous build's assets stay one generation; see build/shell.ts
    target: 'es2022',
    cssTarget: CSS_TARGET,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  plugins: [shell({ worker: here('src/worker.ts'), customer: here('customer.html') })],
  server: {
    port: 5173,
    fs: { allow: [here('..')] },
    proxy: { '/api': `http://127.0.0.1:${process.env['DOORSTEP_PORT'] ?? 8000}` },
  },
  test: { include: ['tests/**/*.test.ts'], environment: 'node' },
});
