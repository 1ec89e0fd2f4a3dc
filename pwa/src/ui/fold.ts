/** What a rep sees at once is drawn at once; what is below the fold is drawn bit by bit while the phone is idle. */
import { useEffect, useState } from 'preact/hooks';
import { place } from './router';

const STEP = 2;
/** Where the browser cannot say when it is idle (Safari), it most likely is by then, in milliseconds. */
const LIKELY_IDLE = 120;

/** The first `count` of the items, then more of them; all at once for a rep who returns to a place in them. */
export function useFold<T>(items: T[], count: number): T[] {
  const [drawn, draw] = useState(place.peek().returning ? Infinity : count);
  useEffect(() => (drawn < items.length ? whenIdle(() => draw(drawn + STEP)) : undefined), [drawn, items.length]);
  return drawn < items.length ? items.slice(0, drawn) : items;
}

/** @returns what takes the wish back */
export function whenIdle(work: () => void): () => void {
  if ('requestIdleCallback' in globalThis) {
    const wish = requestIdleCallback(work, { timeout: 1000 });
    return () => cancelIdleCallback(wish);
  }
  const wish = setTimeout(work, LIKELY_IDLE);
  return () => clearTimeout(wish);
}
