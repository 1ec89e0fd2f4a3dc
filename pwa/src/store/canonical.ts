/** JSON in one form only: members sorted by code point, no white space, absent members left out. What both sides hash. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((one) => canonical(one ?? null)).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value ?? null);
  const members = Object.entries(value).filter(([, one]) => one !== undefined).sort(([a], [b]) => byCodePoint(a, b));
  return `{${members.map(([name, one]) => `${JSON.stringify(name)}:${canonical(one)}`).join(',')}}`;
}

/** As Python sorts text; plain comparison in JavaScript goes by UTF-16 units. */
function byCodePoint(a: string, b: string): number {
  const [left, right] = [[...a], [...b]];
  const at = left.findIndex((letter, place) => letter !== right[place]);
  if (at < 0) return left.length - right.length;
  return right[at] === undefined ? 1 : (left[at]!.codePointAt(0) as number) - (right[at]!.codePointAt(0) as number);
}
