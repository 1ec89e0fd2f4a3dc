/** Unsent work as a file, so that it can be read and entered elsewhere. */
import type { Database } from './database';
import type { Author } from './mutators';
import type { AttentionItem } from './queue';
import { everyMutation } from './writes';

/** Everything that is unsent or needs attention, or `item` alone. */
export async function exportFile(db: Database, author: Author, now: Date, item?: AttentionItem): Promise<File> {
  const tx = db.transaction(['mutation', 'attention', 'blob']);
  const [queue, all, blobs] = await Promise.all([
    tx.objectStore('mutation').index('order').getAll(), tx.objectStore('attention').getAll(), tx.objectStore('blob').getAll(),
  ]);
  const unsent = item ? [] : queue.filter(({ done }) => done === undefined);
  const attention = item ? [item] : all;
  const meant = item && new Set(everyMutation(item).map(({ args }) => args['id']));
  const photos = blobs.filter(({ id }) => !meant || meant.has(id)).map(({ bytes, ...rest }) => ({ ...rest, base64: base64(bytes) }));
  const content = { doorstep: 'unsent work', of: author.name, exported_at: now.toISOString(), unsent, needs_attention: attention, photos };
  const name = `doorstep-unsent-${now.toISOString().slice(0, 16).replace(':', '')}.json`;
  return new File([JSON.stringify(content, null, 2)], name, { type: 'application/json' });
}

function base64(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 0x8000) text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(text);
}
