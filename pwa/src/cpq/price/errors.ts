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

/** The name of a member as a part of a JSON pointer. */
export function member(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}

/** A member's value as a message shows it, the same in both languages. */
export function named(value: unknown): string {
  return typeof value === 'string' ? `"${value.slice(0, 60)}"` : 'what is there';
}
