/** Where the rep is: the address, as a signal. Links are plain links; clicks on ours do not load a page. */
import { signal } from '@preact/signals';

interface Place {
  path: string;
  query: URLSearchParams;
  /** how we came here: a new place starts at its top, one we return to where it was left */
  returning: boolean;
}

const current = (returning: boolean, at: { pathname: string; search: string } = location): Place => ({
  path: at.pathname.replace(/(.)\/+$/, '$1'),
  query: new URLSearchParams(at.search),
  returning,
});

export const place = signal<Place>(current(false));

/** Where the rep was scrolled to on each entry of the history, by its key. */
const left = new Map<string, number>();
const key = (): string => (history.state as { key?: string } | null)?.key ?? 'first';

export function startRouter(): void {
  history.scrollRestoration = 'manual';
  addEventListener('scroll', () => left.set(key(), scrollY), { passive: true });
  addEventListener('popstate', () => {
    if (leaving) arrived(); // the place is shown already
    else place.value = current(true);
  });
  navigator.serviceWorker?.addEventListener('message', ({ data }) => data.go && go(data.go)); // a notice was tapped
  addEventListener('click', (event) => {
    const link = (event.target as Element | null)?.closest?.('a');
    if (!link || event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    if (link.origin !== location.origin || link.target || link.hasAttribute('download') || isServerPage(link.pathname)) return;
    event.preventDefault();
    go(link.pathname + link.search);
  });
}

const isServerPage = (path: string): boolean => /^\/(api|docs|healthz|readyz|q)(\/|$)/.test(path);

/** The address of what is shown. */
export const here = (): string => location.pathname + location.search;

export function go(to: string): void {
  if (leaving) return void (next = to); // the browser is still on its way back: from there
  if (to === here()) return scrollTo(0, 0);
  history.pushState({ key: crypto.randomUUID(), from: here() }, '', to);
  place.value = current(false);
}

let leaving = false;
/** Where the rep wants to go as soon as the browser is back. */
let next = '';

function arrived(): void {
  leaving = false;
  const to = next;
  next = '';
  if (to) go(to);
}

/**
 * Leave a form that is done with, so that "back" never leads into it again.
 *
 * Where the rep came from there, its entry of the history is given up; the place is shown at once either way.
 */
export function leaveTo(to: string): void {
  const cameFrom = (history.state as { from?: string } | null)?.from === to;
  if (cameFrom) {
    leaving = true;
    history.back();
  } else {
    history.replaceState({ ...(history.state as object | null), key: crypto.randomUUID() }, '', to);
  }
  place.value = current(false, new URL(to, location.origin));
}

/** Replace the address without a new entry: for what the rep types into a search, and for doors that lead elsewhere. */
export function replace(to: string): void {
  history.replaceState(history.state, '', to);
  place.value = current(place.peek().returning);
}

/** Where a returning rep had scrolled to. */
export const leftAt = (): number => left.get(key()) ?? 0;
