/** Saving: everything that a form says is stored together or not at all, then said, then the place it belongs to is shown. */
import { mutateAll, newId, type Write } from '../store/mutate';
import type { MutationName, Mutations } from '../store/mutations.gen';
import type { Blob as Bytes } from '../store/queue';
import { leaveTo } from './router';
import { SAVED, say } from './said';

export { newId, type Write };

export const write = <Name extends MutationName>(name: Name, args: Mutations[Name]): Write => ({ name, args }) as unknown as Write;

/** Store it, and say so; `bytes` are those of attachments among it. */
export async function save(writes: Write[], said = SAVED, bytes: Bytes[] = []): Promise<void> {
  const tell = () => {
    say(said);
    return painted();
  };
  if (writes.length > 0) await mutateAll(writes, bytes, tell);
  else void tell();
}

/** When what was said is on the screen; at once where nobody looks. */
const painted = (): Promise<void> =>
  new Promise((done) => {
    setTimeout(done, document.visibilityState === 'visible' ? 100 : 0);
    requestAnimationFrame(() => setTimeout(done));
  });

/** Save what was typed, forget the draft, and go where the rep will see it. */
export async function saveAndLeave(
  writes: Write[], to: string, draft?: { forget: () => Promise<void> }, bytes: Bytes[] = [],
): Promise<void> {
  await save(writes, writes.length > 0 ? SAVED : 'Nothing was changed', bytes);
  leaveTo(to);
  await draft?.forget();
}
