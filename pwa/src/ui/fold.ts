/** What a rep sees at once is drawn at once; what is below the fold is drawn after that has been painted. */
import { useEffect, useState } from 'preact/hooks';
import { place } from './router';

/** The first `count` of the items, and all of them after the first paint; all at once for a rep who returns to a place in them. */
export function useFold<T>(items: T[], count: number): T[] {
  const [whole, unfold] = useState(place.peek().returning);
  useEffect(() => unfold(true), []);
  return whole ? items : items.slice(0, count);
}
