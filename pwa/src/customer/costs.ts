/** What an open choice would cost, shown beside it before it is tapped: the server takes each value and prices the whole offer. */
import { createContext, type RefObject } from 'preact';
import { useContext, useEffect, useRef, useState } from 'preact/hooks';
import { type OfferApi, Refused } from './api';
import type { Change, Prices } from './types';
import { moveWords } from './words';

/** How long nothing is asked after the server had enough of it, in milliseconds. */
const REST = 20_000;
/** What is about to come into sight is asked for as well. */
const NEAR = '240px';

/** Asks one after the other, and not at all for what nobody waits for any more. */
export class Asker {
  readonly #api: OfferApi;
  #turn: Promise<unknown> = Promise.resolve();
  #restsUntil = 0;

  constructor(api: OfferApi) {
    this.#api = api;
  }

  /** Undefined where the server did not say: a figure less, and no reason to bother anybody. */
  ask(changes: Change[], line: string, choice: string, isWanted: () => boolean): Promise<Prices | undefined> {
    const mine = this.#turn.then(() => (isWanted() && Date.now() >= this.#restsUntil ? this.#api.prices(changes, line, choice) : undefined)).catch((error: unknown) => {
      if (error instanceof Refused && (error.status === 429 || error.status === 0)) this.#restsUntil = Date.now() + REST;
      return undefined;
    });
    this.#turn = mine;
    return mine;
  }
}

interface Costing {
  asker: Asker;
  changes: Change[];
  /** names the price that is shown */
  digest: string;
  currency: string;
  /** while a change is worked out, no figure is one of what is shown */
  busy: boolean;
}

export const Costs = createContext<Costing | null>(null);

/** What each other value of a choice moves the sums by, in words; asked for once `at` is in sight. Null until it is known. */
export function useCosts<T extends Element>(line: string, choice: string): { at: RefObject<T | null>; costs: ReadonlyMap<string, string> | null } {
  const costing = useContext(Costs);
  const at = useRef<T>(null);
  const [seen, setSeen] = useState(false);
  const [found, setFound] = useState<{ of: string; costs: ReadonlyMap<string, string> }>();
  const of = costing ? `${costing.digest} ${JSON.stringify(costing.changes)}` : '';
  useEffect(() => {
    if (!at.current) return undefined;
    const watch = new IntersectionObserver((entries) => setSeen(entries.some((one) => one.isIntersecting)), { rootMargin: NEAR });
    watch.observe(at.current);
    return () => watch.disconnect();
  }, []);
  useEffect(() => {
    if (!costing || costing.busy || !seen || found?.of === of) return undefined;
    let isWanted = true;
    void costing.asker.ask(costing.changes, line, choice, () => isWanted).then((prices) => {
      if (!isWanted || prices?.digest !== costing.digest) return;
      setFound({ of, costs: new Map(prices.values.map((one) => [one.value, moveWords(one, costing.currency)])) });
    });
    return () => {
      isWanted = false;
    };
  }, [of, seen, costing?.busy]);
  return { at, costs: found?.of === of && !costing?.busy ? found.costs : null };
}
