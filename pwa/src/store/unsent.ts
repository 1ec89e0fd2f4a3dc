/** What is unsent, since when, and what needs the rep's attention; and the rep's answers. */
import type { AttentionItem } from './queue';
import { phone } from './state';

export type { AttentionItem, Clash, Mutation, MutationProblem } from './queue';
export type { Lost, Unsent } from './shown';

export const { unsent, attention, lost } = phone.shown;

/** Settle a conflict: `mine` is sent again over theirs, `theirs` stands. Works offline. */
export const settle = phone.settle;
/** Give up what was rejected; close what is kept for a manager. */
export const discard = phone.discard;
/** Send what was rejected again, with what went with it; `args` in place of the mutation's own. */
export const resend = phone.resend;
/** Everything unsent and everything that needs attention, photos included, as a JSON file. */
export const exportUnsent = (): Promise<File> => phone.exportUnsent();
/** One item of these, as a file. */
export const exportAttention = (item: AttentionItem): Promise<File> => phone.exportAttention(item);
/** The rep has read what was lost. */
export const lostRead = (): void => phone.lostRead();
