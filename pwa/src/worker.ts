/**
 * The service worker: keeps the shell (page, script, style, icons) so that the app opens with no network.
 *
 * It knows no data. API answers are never cached here; what the rep reads offline is in IndexedDB.
 */
declare const self: ServiceWorkerGlobalScope;

/** Put in by the build: the shell's version and its files. */
declare const SHELL_VERSION: string;
declare const SHELL_FILES: string[];

const CACHE = `shell-${SHELL_VERSION}`;
const SERVER_PAGES = /^\/(api|docs|healthz|readyz)(\/|$)/;

/** Chromium answers these from the cache without starting the worker; elsewhere, and for deep links, `fetch` below does. */
interface StaticRouting {
  addRoutes?(rules: { condition: { urlPattern: URLPatternInit }; source: { cacheName: string } }[]): Promise<void>;
}

self.addEventListener('install', (event) => {
  void (event as StaticRouting).addRoutes?.(
    SHELL_FILES.map((pathname) => ({ condition: { urlPattern: { pathname, search: '' } }, source: { cacheName: CACHE } })),
  );
  event.waitUntil(keepShell().catch(leaveNothing));
});

self.addEventListener('activate', (event) => {
  event.waitUntil(dropOldShells().then(() => self.clients.claim()));
});

self.addEventListener('message', (event) => {
  if (event.data === 'skip-waiting') void self.skipWaiting();
});

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== self.location.origin || SERVER_PAGES.test(url.pathname)) return;
  const key = request.mode === 'navigate' ? '/' : url.pathname;
  if (SHELL_FILES.includes(key)) event.respondWith(fromShell(key, request));
});

async function fromShell(key: string, request: Request): Promise<Response> {
  // Not caches.open, which would make an empty cache anew after a sign-out has removed it.
  return (await caches.match(key, { cacheName: CACHE })) ?? fetch(request);
}

/** All or nothing: a shell with a file missing, refused or redirected is not installed, and the old one goes on. */
async function keepShell(): Promise<void> {
  const cache = await caches.open(CACHE);
  await Promise.all(
    SHELL_FILES.map(async (path) => {
      const hashed = path.startsWith('/assets/');
      const kept = hashed ? await caches.match(path) : undefined;
      const response = kept ?? (await fetch(path, { cache: hashed ? 'default' : 'no-cache' }));
      if (!response.ok || response.redirected) throw new Error(`${path}: ${response.status}`);
      await cache.put(path, response);
    }),
  );
}

async function dropOldShells(): Promise<void> {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name !== CACHE).map((name) => caches.delete(name)));
}

async function leaveNothing(reason: unknown): Promise<never> {
  await caches.delete(CACHE);
  throw reason;
}

export {};
