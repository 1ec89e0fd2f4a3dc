/** What became of what is kept for a manager, and whose the two sides of a clash are. */
import type { AttentionItem, Mutation } from '../store/queue';
import type { Draft } from '../store/rows';
import { dayInSentence, localDay, timeOfDay } from '../ui/dates';

type Of<Kind> = Extract<AttentionItem, { kind: Kind }>;

/** The draft of a mutation on a card, as the server has it; undefined before it was pulled and long after it was decided. */
export function draftOf(item: Of<'kept'>, mutation: Mutation, drafts: readonly Draft[]): Draft | undefined {
  if (mutation.id === item.mutation.id) return drafts.find(({ id }) => id === item.draft);
  return drafts.find(({ mine, name, args }) => mine && name === mutation.name && args['id'] === mutation.args['id']);
}

/** `Henrik Dahlrot accepted it, today 14:02`; undefined while nobody has decided. */
export function fateWords(draft: Draft | undefined, today: string, zone: string): string | undefined {
  if (!draft || draft.state === 'open') return undefined;
  const words = `${draft.decided_by ?? 'Your manager'} ${draft.state} it`;
  if (!draft.decided_at) return words;
  const at = new Date(draft.decided_at);
  return `${words}, ${dayInSentence(localDay(at, zone), today)} ${timeOfDay(at, zone)}`;
}

/** Those that this user is to decide about. */
export const toDecide = (drafts: readonly Draft[]): Draft[] =>
  drafts.filter(({ mine, state }) => !mine && state === 'open').sort((a, b) => a.made_at.localeCompare(b.made_at));

export interface Sides {
  /** `You and Nils both changed`, before the field */
  changed: string;
  /** after the field */
  where: string;
  mine: string;
  theirs: string;
  /** when `mine` was entered, as far as it is known */
  made_at?: string;
}

/** How the two sides of a clash are called to user `me`: of an accepted draft, the one is its author's. */
export function sidesOf({ clash: { by }, mutation, drafted }: Of<'conflict'>, me: string | undefined): Sides {
  const own = by !== undefined && by.id === me;
  const theirs = by ? `${by.name}’s` : 'Theirs';
  if (mutation.name === 'draft.decide') {
    const author = drafted?.author ?? 'The author';
    return {
      changed: `${author} and ${own ? 'you' : (by?.name ?? 'somebody else')} both changed`, where: '', mine: `${author}’s`,
      theirs: own ? 'Yours' : theirs, ...(drafted && { made_at: drafted.made_at }),
    };
  }
  const sides = { mine: 'Yours', made_at: mutation.made_at };
  if (own) return { ...sides, changed: 'You changed', where: ' here and on another device', theirs: 'Your other one' };
  return { ...sides, changed: `You and ${by?.name ?? 'somebody else'} both changed`, where: '', theirs };
}
