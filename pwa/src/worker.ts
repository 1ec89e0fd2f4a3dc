/**
 * The service worker: keeps the shell (page, script, style, icons) so that the app opens with no network, and sends what is
 * unsent when the browser says that there is one and no page is open.
 *
 * It reads the queue and changes nothing: what the server answers, the app is told again when it is open. Only when the
 * server says that this device was revoked does it remove everything. API answers are never cached here; what the rep reads
 * offline is in IndexedDB.
 */
declare const self: ServiceWorkerGlobalScope;

/** Put in by the build: the shell's version and its files. */
declare const SHELL_VERSION: string;
declare const SHELL_FILES: string[];

const CACHE = `shell-${SHELL_VERSION}`;
const SERVER_PAGES = /^\/(api|docs|healthz|readyz|q)(\/|$)/;

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
  if (SHELL_FILES.includes(key)) event.respondWith(fromShell(key, request));
});

/** Background Sync, where the browser has it. A push that fails is tried again by the browser. */
self.addEventListener('sync' as never, (event: ExtendableEvent) => {
  event.waitUntil(navigator.locks.request('doorstep-sync', pushQueue)); // after a page that is syncing: it may leave nothing
});

/**
 * Send the queue in order, numbered from what the server did last; what it did already it knows by its id.
 *
 * Throws when something is left that the browser should ask for again.
 */
async function pushQueue(): Promise<void> {
  const { queue, held, session, sequence = 0, client_group } = await readQueue();
  for (let at = 0; session && at < queue.length; at += 50) {
    const mutations = queue.slice(at, at + 50).map(({ order: _, hold: __, ...rest }, place) => ({ ...rest, seq: sequence + at + place + 1 }));
    const answer = await fetch('/api/v1/sync/push', {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-csrf-token': session.csrf_token },
      body: JSON.stringify({ client_group, schema: queue[0]?.version, sent_at: new Date().toISOString(), mutations }),
    });
    if (answer.status >= 500) throw new Error(`${answer.status}`);
    if (!answer.ok) return answer.status === 401 ? wipeIfRevoked(answer) : undefined; // refused: for the app, which can say so
  }
  if (session && held) throw new Error('held');
}

/** A revoked device keeps no rows, also when nobody opens the app. Text storage, out of reach here, is emptied when somebody does. */
async function wipeIfRevoked(answer: Response): Promise<void> {
  const { type } = await answer.json().catch(() => ({}));
  if (!/(^|\/)device-revoked$/.test(type)) return;
  await Promise.all([result(indexedDB.deleteDatabase('doorstep')), dropShells()]);
}

interface Waiting {
  order: number;
  version: number;
  done?: number;
  hold?: number;
}

interface Queue {
  queue: Waiting[];
  /** something more is there, and can still be taken back */
  held?: boolean;
  session?: { csrf_token: string };
  sequence?: number;
  client_group?: string;
}

const result = <T>(request: IDBRequest<T>): Promise<T> =>
  new Promise((done, failed) => {
    request.onsuccess = () => done(request.result);
    request.onerror = () => failed(request.error);
  });

async function readQueue(): Promise<Queue> {
  const opening = indexedDB.open('doorstep');
  opening.onupgradeneeded = () => opening.transaction?.abort(); // there is none: make none
  const db = await result(opening).catch(() => null);
  if (!db?.objectStoreNames.contains('mutation')) return { queue: [] };
  const tx = db.transaction(['meta', 'mutation']);
  const meta = (key: string) => result(tx.objectStore('meta').get(key));
  const now = Date.now();
  const isHeld = ({ hold = 0 }: Waiting) => hold > now && hold <= now + 60_000;
  const [all, session, sequence, client_group] = await Promise.all([
    result(tx.objectStore('mutation').index('order').getAll()), meta('session'), meta('sequence'), meta('client_group'),
  ]);
  db.close();
  const unsent = (all as Waiting[]).filter(({ done }) => done === undefined);
  const first = unsent.findIndex(isHeld); // it can still be taken back, and what is behind it waits
  const held = first >= 0;
  return { queue: held ? unsent.slice(0, first) : unsent, held, session, sequence, client_group };
}

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

async function dropShells(kept?: string): Promise<void> {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name !== kept).map((name) => caches.delete(name)));
}

async function leaveNothing(reason: unknown): Promise<never> {
  await caches.delete(CACHE);
  throw reason;
}

export {};
