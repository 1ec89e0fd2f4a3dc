/** Saving what the rep enters. */
import { phone } from './state';
import type { MutationName, Mutations } from './mutations.gen';
import type { Saved, Write } from './writes';
import type { Blob } from './queue';
import type { Saving } from './entering';

export { NotSavedError } from './writes';
export type { Saved, Write } from './writes';

/**
 * Save: on the disk and shown when it resolves, sent when there is a network.
 *
 * @throws NotSavedError, whose message is for the rep; nothing was kept then
 */
export const mutate = <Name extends MutationName>(name: Name, args: Mutations[Name]): Promise<Saved> => phone.mutate(name, args);

/** The same of several that belong together: all of them or none. `blobs` are the bytes of attachments among them. */
export const mutateAll = (writes: readonly Write[], blobs: readonly Blob[] = [], saving?: Saving): Promise<Saved[]> =>
  phone.mutateAll(writes, blobs, saving);

/** The same of one that can be taken back for `holdMs`: it is safe and shown at once, and sent after that. */
export async function mutateHeld(write: Write, holdMs: number): Promise<{ takeBack: () => Promise<boolean> }> {
  const [saved] = (await phone.mutateAll([write], [], { holdMs })) as [Saved];
  return { takeBack: () => phone.takeBack(saved.id) };
}

/** An id for a row that is made here. */
export const newId = phone.newId;
