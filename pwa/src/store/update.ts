/** The service worker seen from the page: registering it, noticing a newer version, and removing it. */
import { signal } from '@preact/signals';

/** A newer version is installed and waits for the rep to say when. */
export const updateReady = signal(false);

const LOOK_AGAIN_MS = 3_600_000;

interface ScriptUrlPolicy {
  createScriptURL(url: string): string;
}
interface TrustedTypes {
  createPolicy(name: string, rules: ScriptUrlPolicy): ScriptUrlPolicy;
}

const trustedTypes = (globalThis as { trustedTypes?: TrustedTypes }).trustedTypes;
const rules: ScriptUrlPolicy = {
  createScriptURL(url) {
    if (url !== '/worker.js') throw new TypeError(`${url} is not a script of ours`);
    return url;
  },
};
const policy = trustedTypes?.createPolicy('doorstep', rules) ?? rules;

let registration: ServiceWorkerRegistration | null = null;
/** Whether a worker belongs here: a registration may still be under way when the rep signs out. */
let wanted = false;
let looked = 0;

export async function registerWorker(): Promise<void> {
  if (!import.meta.env.PROD || !('serviceWorker' in navigator)) return;
  wanted = true;
  try {
    registration = await navigator.serviceWorker.register(policy.createScriptURL('/worker.js'), {
      updateViaCache: 'none',
    });
  } catch {
    return; // Not fatal: the app works, only not offline. The next start tries again.
  }
  if (!wanted) return forgetWorker();
  looked = Date.now();
  watch(registration);
  document.addEventListener('visibilitychange', () => void lookForUpdate());
}

function watch(current: ServiceWorkerRegistration): void {
  const settle = () => (updateReady.value = Boolean(current.waiting && navigator.serviceWorker.controller));
  settle();
  current.addEventListener('updatefound', () => current.installing?.addEventListener('statechange', settle));
}

/** Ask for a newer version, at most once an hour. */
export async function lookForUpdate(): Promise<void> {
  if (document.visibilityState !== 'visible' || Date.now() - looked < LOOK_AGAIN_MS) return;
  looked = Date.now();
  await registration?.update().catch(() => undefined);
}

/** Let the waiting version take over, and start it once it has. */
export function applyUpdate(): void {
  navigator.serviceWorker.addEventListener('controllerchange', () => location.reload(), { once: true });
  registration?.waiting?.postMessage('skip-waiting');
}

/** Remove the worker and everything it stored. */
export async function forgetWorker(): Promise<void> {
  wanted = false;
  registration = null;
  updateReady.value = false;
  if ('caches' in globalThis) await Promise.all((await caches.keys()).map((name) => caches.delete(name)));
  if (!('serviceWorker' in navigator)) return;
  const all = await navigator.serviceWorker.getRegistrations();
  // The lock screen forgets too. Their push subscriptions end with them.
  const shown = await Promise.all(all.map((one) => one.getNotifications?.() ?? []));
  for (const notification of shown.flat()) notification.close();
  // One that is being removed already, by another tab or by the server's answer, is refused: it is gone either way.
  await Promise.allSettled(all.map((one) => one.unregister()));
}
