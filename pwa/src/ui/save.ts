/** Saving: everything that a form says is stored together or not at all, then said, then the place it belongs to is shown. */
import { mutateAll, newId, type Write } from '../store/mutate';
import type { MutationName, Mutations } from '../store/mutations.gen';
import type { Blob as Bytes } from '../store/queue';
import type { Draft } from './typed';
import { here, leaveTo } from './router';
import { SAVED, say } from './said';

export { newId, type Write };

export const write = <Name extends MutationName>(name: Name, args: Mutations[Name]): Write => ({ name, args }) as unknown as Write;

type Begun = Pick<Draft<object>, 'key' | 'saving' | 'saved' | 'notSaved' | 'forget'>;

/** What is being saved, until it is shown: the button that was tapped is there for a moment longer, and is tapped again. */
const underWay = new Set<string>();

/**
 * Store it, and say so; `bytes` are those of attachments among it. `draft` is what it was typed as: it is forgotten in the
 * same step, so that nothing which is saved is offered again as if it were not.
 *
 * @returns false when the very same is being saved already: a second tap of the same button
 */
export async function save(writes: Write[], said = SAVED, bytes: Bytes[] = [], draft?: Begun): Promise<boolean> {
  const same = JSON.stringify(writes);
  if (underWay.has(same)) return false;
  underWay.add(same);
  try {
    await store(writes, said, bytes, draft);
    return true;
  } finally {
    underWay.delete(same);
  }
}

async function store(writes: Write[], said: string, bytes: Bytes[], draft?: Begun): Promise<void> {
  const tell = () => {
    draft?.saved();
    say(said);
    return painted();
  };
  if (writes.length === 0) {
    await draft?.forget();
    return void tell();
  }
  draft?.saving();
  try {
    await mutateAll(writes, bytes, { safe: tell, ...(draft && { forget: draft.key }) });
  } catch (error) {
    draft?.notSaved();
    throw error;
  }
}

/** When what was said is on the screen; at once where nobody looks. */
const painted = (): Promise<void> =>
  new Promise((done) => {
    setTimeout(done, document.visibilityState === 'visible' ? 100 : 0);
    requestAnimationFrame(() => setTimeout(done));
  });

/** Save what was typed, forget the draft, and go where the rep will see it; unless they went elsewhere as soon as it was said. */
export async function saveAndLeave(writes: Write[], to: string, draft?: Begun, bytes: Bytes[] = []): Promise<void> {
  const form = here();
  const saved = await save(writes, writes.length > 0 ? SAVED : 'Nothing was changed', bytes, draft);
  if (saved && here() === form) leaveTo(to);
}
