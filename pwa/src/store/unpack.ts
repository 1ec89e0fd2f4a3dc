/** Rows that came packed: the same rows in columns, which are several times smaller on the way (docs/sync.md). */

/** Places in `ids` or `texts`, each told by how much more it is than the one before plus one. */
type Places = { i: number[] } | { t: number[] };

export interface Packed {
  types: string[];
  /** keys of the dicts */
  shapes: string[][];
  /** increments of the first 48 bits, digit 13 of each, digit 17 of each, base64 of the other 18 digits of each */
  ids: [number[], string, string, string];
  texts: string[];
  columns: Record<string, unknown[] | Places>;
}

/** The rows by type, as they were before they were packed. */
export function unpack(packed: Packed): Record<string, unknown[]> {
  const ids = unpackIds(packed.ids);
  const queues = new Map<string, Iterator<unknown>>();
  for (const [path, column] of Object.entries(packed.columns)) {
    queues.set(path, values(column, ids, packed.texts)[Symbol.iterator]());
  }
  const take = (path: string): unknown => {
    const value = queues.get(path)?.next().value;
    if (!Array.isArray(value)) return value;
    const mark = value[0] as number;
    if (mark < 0) return Array.from({ length: -1 - mark }, () => take(`${path}.`));
    return Object.fromEntries((packed.shapes[mark] ?? []).map((key) => [key, take(`${path}.${key}`)]));
  };
  return Object.fromEntries(packed.types.map((type) => [type, take(type) as unknown[]]));
}

function values(column: unknown[] | Places, ids: string[], texts: string[]): unknown[] {
  if (Array.isArray(column)) return column;
  return 'i' in column ? numbers(column.i).map((place) => ids[place]) : numbers(column.t).map((place) => texts[place]);
}

function numbers(increments: number[]): number[] {
  let number = -1;
  return increments.map((increment) => (number += increment + 1));
}

function unpackIds([increments, thirteenth, seventeenth, rest]: Packed['ids']): string[] {
  const digits = Array.from(atob(rest), (byte) => byte.charCodeAt(0).toString(16).padStart(2, '0')).join('');
  return numbers(increments).map((head, number) => {
    const own = digits.slice(18 * number, 18 * number + 18);
    const first = head.toString(16).padStart(12, '0');
    const version = `${thirteenth[number]}${own.slice(0, 3)}`;
    const variant = `${seventeenth[number]}${own.slice(3, 6)}`;
    return `${first.slice(0, 8)}-${first.slice(8)}-${version}-${variant}-${own.slice(6)}`;
  });
}
