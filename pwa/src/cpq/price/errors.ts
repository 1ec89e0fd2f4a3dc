/** A member that cannot be priced: its JSON pointer, and what to do. */
export class PriceError extends Error {
  readonly pointer: string;
  readonly detail: string;

  constructor(pointer: string, detail: string) {
    super(`${pointer || '/'}: ${detail}`);
    this.name = 'PriceError';
    this.pointer = pointer;
    this.detail = detail;
  }
}
