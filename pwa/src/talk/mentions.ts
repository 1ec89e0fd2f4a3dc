/** `@` and a name: whom a message is for. Pure. */
import type { Colleague } from '../store/rows';
import { fold } from '../accounts/search';

/** What is being typed after an `@`, if the cursor stands in such a word; at most two words long. */
export function askedFor(text: string, cursor: number): { from: number; query: string } | null {
  const before = text.slice(0, cursor);
  const from = before.lastIndexOf('@');
  if (from < 0 || (from > 0 && /[\p{L}\p{N}]/u.test(before[from - 1] ?? ''))) return null;
  const query = before.slice(from + 1);
  return /^\p{L}*(?: \p{L}*)?$/u.test(query) ? { from, query } : null;
}

/** Colleagues with a word of their name that begins as typed. */
export function matching(colleagues: Colleague[], query: string): Colleague[] {
  const wanted = fold(query.trim());
  return colleagues.filter(({ name }) => fold(name).startsWith(wanted) || fold(name).split(/\s+/).some((word) => word.startsWith(wanted)));
}

/** The text with the name in place of what was typed after the `@`, and where the cursor then stands. */
export function completed(text: string, cursor: number, from: number, name: string): { text: string; cursor: number } {
  const head = `${text.slice(0, from)}@${name} `;
  return { text: head + text.slice(cursor).replace(/^ /, ''), cursor: head.length };
}

/** Ids of those whose name stands in the text after an `@`. */
export const mentioned = (text: string, colleagues: Colleague[]): string[] =>
  colleagues.filter(({ name }) => text.includes(`@${name}`)).map((one) => one.id);

/** A text in pieces: names after an `@` stand out. */
export function inPieces(text: string, names: string[]): { text: string; name: boolean }[] {
  const pieces: { text: string; name: boolean }[] = [];
  let rest = text;
  const known = [...names].sort((a, b) => b.length - a.length);
  while (rest) {
    const at = known.map((name) => rest.indexOf(`@${name}`)).filter((index) => index >= 0);
    const first = at.length > 0 ? Math.min(...at) : -1;
    if (first < 0) return [...pieces, { text: rest, name: false }];
    const name = known.find((one) => rest.startsWith(`@${one}`, first)) as string;
    if (first > 0) pieces.push({ text: rest.slice(0, first), name: false });
    pieces.push({ text: `@${name}`, name: true });
    rest = rest.slice(first + name.length + 1);
  }
  return pieces;
}
