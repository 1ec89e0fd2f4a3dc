/** The service worker in a test's process: its events, what it shows, the pages it opens. */
import { vi } from 'vitest';
import type { Device } from './device';

type Handler = (event: { waitUntil: (work: Promise<unknown>) => void }) => void;

export interface ShownNotice {
  title: string;
  body?: string;
  tag?: string;
  renotify?: boolean;
  actions?: { title: string; action: string }[];
  data?: Record<string, unknown>;
  close: () => void;
}

export interface Page {
  url: string;
  told: unknown[];
  focused: boolean;
}

export class Worker {
  private readonly listeners = new Map<string, Handler>();
  /** every notification that was shown, in order */
  shown: ShownNotice[] = [];
  /** those of them that are still there, one a tag */
  there = new Map<string, ShownNotice>();
  pages: Page[] = [];
  opened: string[] = [];
  /** addresses that no app of this phone takes */
  refused: RegExp | null = null;
  subscribed: unknown[] = [];
  /** how often the second script was imported */
  imports = 0;

  /** Start the worker of `src/worker.ts` on this device. */
  static async start(device: Device): Promise<Worker> {
    const worker = new Worker();
    vi.resetModules();
    vi.stubGlobal('SHELL_VERSION', 'test');
    vi.stubGlobal('SHELL_FILES', []);
    const scope = worker.scope();
    vi.stubGlobal('self', scope);
    const tab = device.tab();
    const locks = { request: (name: string, work: () => Promise<void>) => tab.locks.request(name, {}, work) };
    vi.stubGlobal('navigator', { locks, userAgent: 'Mozilla/5.0 (Linux; Android 16)' });
    vi.stubGlobal('indexedDB', device.indexedDB);
    vi.stubGlobal('fetch', (path: string, request: RequestInit) => device.fetch(path, request));
    vi.spyOn(Date, 'now').mockImplementation(() => device.clock);
    const [second, first] = ['../../src/worker/background.ts', '../../src/worker.ts'];
    const background = (await import(/* @vite-ignore */ second)) as object;
    vi.stubGlobal('importScripts', () => {
      worker.imports += 1;
      (scope as { background?: object }).background = background;
    });
    await import(/* @vite-ignore */ first);
    return worker;
  }

  /** What the browser does: an event, and waiting for what is done about it. */
  async happens(type: string, event: object = {}): Promise<void> {
    let work: Promise<unknown> = Promise.resolve();
    this.listeners.get(type)?.({ ...event, waitUntil: (promise) => (work = promise) });
    await work;
  }

  push(message: unknown): Promise<void> {
    return this.happens('push', { data: { json: () => message } });
  }

  /** The rep taps what is shown under a tag, or one of its actions. */
  tap(tag: string, action = ''): Promise<void> {
    return this.happens('notificationclick', { notification: this.there.get(tag), action });
  }

  private scope(): object {
    return {
      addEventListener: (type: string, listener: Handler) => this.listeners.set(type, listener),
      location: { origin: '' },
      registration: {
        showNotification: async (title: string, options: Partial<ShownNotice>) => {
          const tag = options.tag ?? '';
          const notice: ShownNotice = { ...options, title, close: () => void (this.there.get(tag) === notice && this.there.delete(tag)) };
          this.shown.push(notice);
          this.there.set(tag, notice);
        },
        getNotifications: async () => [...this.there.values()],
        pushManager: {
          subscribe: async (options: unknown) => {
            this.subscribed.push(options);
            return { endpoint: 'https://push.example/new', keys: {} };
          },
        },
      },
      clients: {
        matchAll: async () => this.pages.map((page) => ({
          url: page.url, postMessage: (message: unknown) => page.told.push(message), focus: async () => void (page.focused = true),
        })),
        openWindow: async (url: string) => {
          if (this.refused?.test(url)) throw new TypeError(`${url} cannot be opened`);
          this.opened.push(url);
        },
      },
    };
  }
}
