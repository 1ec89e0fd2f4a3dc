/** A quote that cannot be priced: where in its content (JSON pointer), and what to do. */
export class QuoteError extends Error {
  constructor(
    readonly pointer: string,
    readonly detail: string,
  ) {
    super(`${pointer || '/'}: ${detail}`);
    this.name = 'QuoteError';
  }
}
