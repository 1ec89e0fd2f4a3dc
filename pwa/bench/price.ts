/** The price engine as the bench asks it. */
import { price, type PriceRequest, type PriceResult } from '../src/cpq/price';

export { price };

/** Milliseconds of each pricing of a request that differs from the one before, as when a rep changes a quantity. */
export function timed(request: PriceRequest, runs: number): number[] {
  return Array.from({ length: runs }, (_run, n) => {
    const lines = request.lines.map((line, place) => (place === 0 ? { ...line, quantity: `${n + 1}` } : line));
    const begun = performance.now();
    const result: PriceResult = price({ ...request, lines });
    const spent = performance.now() - begun;
    if (result.lines.length !== lines.length) throw new Error('lines are missing');
    return spent;
  });
}
