/**
 * The service worker: keeps the shell (page, script, style, icons) so that the app opens with no network. API answers are
 * never cached here; what the rep reads offline is in IndexedDB.
 *
 * It starts at every opening of the app and is kept small. What the browser wakes it for when no page is open, a network
 * that is back or a notice before a visit, is in a second script, installed with it and run only then: worker/background.ts.
 */
import { dropShells } from './worker/shells';

declare const self: ServiceWorkerGlobalScope;

/** Put in by the build: the shell's version and its files. */
declare const SHELL_VERSION: string;
declare const SHELL_FILES: string[];

const CACHE = `shell-${SHELL_VERSION}`;
const FILES = SHELL_FILES; // the build puts the list in wherever its name stands
const SERVER_PAGES = /^\/(api|docs|healthz|readyz|q)(\/|$)/;

/** Chromium answers these from the cache without starting the worker; elsewhere, and for deep links, `fetch` below does. */
interface StaticRouting {
  addRoutes?(rules: { condition: { urlPattern: URLPatternInit }; source: { cacheName: string } }[]): Promise<void>;
}

/** Scripts that run here are made by nobody else: what the page's content security policy asks. */
const policy = (self as { trustedTypes?: { createPolicy(name: string, rules: object): { createScriptURL(url: string): string } } }).trustedTypes
  ?.createPolicy('doorstep', { createScriptURL: () => '/background.js' });

/** The handlers of worker/background.ts. They must have been imported once while this worker was being installed. */
function background(): Record<string, (event: Event) => Promise<unknown>> {
  const scope = self as { background?: Record<string, (event: Event) => Promise<unknown>> };
  if (!scope.background) importScripts(policy?.createScriptURL('') ?? '/background.js');
  return scope.background ?? {};
}

for (const type of ['sync', 'push', 'notificationclick', 'pushsubscriptionchange']) {
  self.addEventListener(type, (event) => (event as ExtendableEvent).waitUntil(Promise.resolve(background()[type]?.(event))));
}

self.addEventListener('install', (event) => {
  background();
  void (event as StaticRouting).addRoutes?.(
    FILES.map((pathname) => ({ condition: { urlPattern: { pathname, search: '' } }, source: { cacheName: CACHE } })),
  );
  event.waitUntil(keepShell().catch(leaveNothing));
});

self.addEventListener('activate', (event) => {
  event.waitUntil(dropShells(CACHE).then(() => self.clients.claim()));
});

self.addEventListener('message', (event) => {
  if (event.data === 'skip-waiting') void self.skipWaiting();
});

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== self.location.origin || SERVER_PAGES.test(url.pathname)) return;
  const key = request.mode === 'navigate' ? '/' : url.pathname;
  if (FILES.includes(key)) event.respondWith(fromShell(key, request));
});

async function fromShell(key: string, request: Request): Promise<Response> {
  // Not caches.open, which would make an empty cache anew after a sign-out has removed it.
  return (await caches.match(key, { cacheName: CACHE })) ?? fetch(request);
}

/** All or nothing: a shell with a file missing, refused or redirected is not installed, and the old one goes on. */
async function keepShell(): Promise<void> {
  const cache = await caches.open(CACHE);
  await Promise.all(
    FILES.map(async (path) => {
      const hashed = path.startsWith('/assets/');
      const kept = hashed ? await caches.match(path) : undefined;
      const response = kept ?? (await fetch(path, { cache: hashed ? 'default' : 'no-cache' }));
      if (!response.ok || response.redirected) throw new Error(`${path}: ${response.status}`);
      await cache.put(path, response);
    }),
  );
}

async function leaveNothing(reason: unknown): Promise<never> {
  await caches.delete(CACHE);
  throw reason;
}

export {};
