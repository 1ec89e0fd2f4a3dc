/** Finding an account by what a rep remembers of it: its name, another name, its town, somebody who works there. */
import type { Account, Person } from '../store/rows';

export interface Entry {
  account: Account;
  /** what the account was found by, when it was not its name */
  by: string | null;
}

interface Indexed {
  account: Account;
  name: string;
  words: { folded: string; shown: string }[];
}

export interface Directory {
  entries: Indexed[];
}

const SPECIAL: Record<string, string> = { ø: 'o', æ: 'ae', œ: 'oe', ß: 'ss', ł: 'l', đ: 'd', ð: 'd', þ: 'th', ı: 'i' };

/** Lower case without diacritics: `Brännland` and `brannland` are the same. */
export function fold(text: string): string {
  return text
    .normalize('NFD')
    .replaceAll(/\p{M}+/gu, '')
    .toLowerCase()
    .replaceAll(/[øæœßłđðþı]/g, (letter) => SPECIAL[letter] ?? letter);
}

export function buildDirectory(accounts: Account[], people: Person[]): Directory {
  const staff = new Map<string, Person[]>();
  for (const person of people) {
    const colleagues = staff.get(person.account_id);
    if (colleagues) colleagues.push(person);
    else staff.set(person.account_id, [person]);
  }
  const collator = new Intl.Collator('en', { sensitivity: 'base', numeric: true });
  const entries = [...accounts].sort((a, b) => collator.compare(a.name, b.name)).map((account) => ({
    account,
    name: fold(account.name),
    words: [
      ...(account.aliases ?? []),
      ...(account.address?.city ? [account.address.city] : []),
      ...(staff.get(account.id) ?? []).map((person) => person.name),
    ].map((shown) => ({ shown, folded: fold(shown) })),
  }));
  return { entries };
}

/** Every word of the query begins a word of the account; names that begin with the query come first. */
export function find(directory: Directory, query: string): Entry[] {
  const terms = fold(query).split(/\s+/).filter(Boolean);
  if (terms.length === 0) return directory.entries.map(({ account }) => ({ account, by: null }));
  const hits: { entry: Entry; rank: number }[] = [];
  for (const indexed of directory.entries) {
    const hit = match(indexed, terms);
    if (hit) hits.push(hit);
  }
  return hits.sort((a, b) => a.rank - b.rank).map((hit) => hit.entry);
}

function match(indexed: Indexed, terms: string[]): { entry: Entry; rank: number } | null {
  let by: string | null = null;
  for (const term of terms) {
    if (beginsWord(indexed.name, term)) continue;
    const word = indexed.words.find(({ folded }) => beginsWord(folded, term));
    if (!word) return null;
    by ??= word.shown;
  }
  const rank = by !== null ? 2 : indexed.name.startsWith(terms[0] ?? '') ? 0 : 1;
  return { entry: { account: indexed.account, by }, rank };
}

const beginsWord = (text: string, term: string): boolean => {
  for (let at = text.indexOf(term); at >= 0; at = text.indexOf(term, at + 1)) {
    if (at === 0 || !/[\p{L}\p{N}]/u.test(text[at - 1] ?? '')) return true;
  }
  return false;
};
