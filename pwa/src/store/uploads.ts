/** The bytes of photos and files: sent in pieces after their attachment is on the server, from where the server has them. */
import { RefusedError, UnreachableError } from './api';
import type { Database } from './database';
import type { Environment } from './environment';
import type { Send } from './pull';
import { MUTATION_SCHEMA, type Mutations } from './mutations.gen';
import type { Blob, Mutation } from './queue';
import { everyMutation } from './writes';

export const CHUNK = 256 * 1024;
/** How often the bytes are sent from the start again when the server finds their checksum wrong. */
const MOST_RESTARTS = 2;

type Announced = Mutations['attachment.add'];

/** What announces bytes to the server, and what keeps them until it has them. */
export async function prepared(
  env: Environment, bytes: Uint8Array<ArrayBuffer>, about: Omit<Announced, 'size' | 'sha256'>,
): Promise<{ args: Announced; blob: Blob }> {
  const { id, account_id, name, media_type } = about;
  const digest = new Uint8Array(await env.digest(bytes));
  const sha256 = Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return { args: { ...about, size: bytes.length, sha256 }, blob: { id, account_id, name, media_type, bytes, received: 0 } };
}

interface Received {
  received: number;
  complete: boolean;
}

/**
 * Send what is left of the bytes of every attachment that the server knows; drop those of a draft that was dismissed.
 *
 * `askKept` asks of each that is kept for a manager, and of which no row says what became of it, whether it was accepted.
 *
 * @returns whether any is complete now, or refused
 * @throws UnreachableError, RefusedError (401, 429); what the server has by then is remembered
 */
export async function upload(db: Database, env: Environment, send: Send, askKept = true): Promise<boolean> {
  const tx = db.transaction(['mutation', 'attention', 'blob', 'draft']);
  const [queue, attention, ids, drafts] = await Promise.all([
    tx.objectStore('mutation').getAll(), tx.objectStore('attention').getAll(), tx.objectStore('blob').getAllKeys(),
    tx.objectStore('draft').getAll(),
  ]);
  const unsent = queue.filter(({ done }) => done === undefined);
  const named = (mutations: readonly Mutation[]) => new Set(mutations.map(({ args }) => args['id']));
  const kept = named(attention.filter(({ kind }) => kind === 'kept').flatMap(everyMutation));
  const waiting = named([...unsent, ...attention.filter(({ kind }) => kind !== 'kept').flatMap(everyMutation)]);
  const fates = new Map(drafts.flatMap(({ mine, name, args, state }) => (mine && name === 'attachment.add' ? [[args['id'], state]] : [])));
  let changed = false;
  for (const id of ids) {
    const fate = fates.get(id);
    if (waiting.has(id) || fate === 'open') continue;
    const blob = fate === 'dismissed' ? undefined : await db.get('blob', id);
    const asks = !fate && (blob?.kept || kept.has(id));
    if (asks && !(askKept && (await isAnnounced(send, id)))) continue;
    if (fate === 'dismissed') await db.delete('blob', id);
    else if (blob) await sendBytes(db, env, send, blob);
    changed = true;
  }
  return changed;
}

/** Whether a manager has accepted what announced these bytes: the server then knows of them, and says that nothing is no piece. */
async function isAnnounced(send: Send, id: string): Promise<boolean> {
  const nothing = { method: 'PUT', body: new Uint8Array() } as const;
  return send(`/api/v1/attachments/${id}/content?offset=0`, nothing).then(() => true, (error: unknown) => {
    if (error instanceof RefusedError && error.is('wrong-piece')) return true;
    if (error instanceof RefusedError && error.status === 404) return false;
    throw error;
  });
}

async function sendBytes(db: Database, env: Environment, send: Send, blob: Blob): Promise<void> {
  let at = blob.received;
  try {
    for (let restarts = 0; ; ) {
      const { received, complete } = await sendPiece(send, blob, at);
      if (complete) return await db.delete('blob', blob.id);
      if (received <= at && (restarts += 1) > MOST_RESTARTS) {
        throw new RefusedError(422, { title: 'The bytes arrived damaged', detail: 'Send them again.' }, null);
      }
      at = received;
    }
  } catch (error) {
    if (error instanceof RefusedError && ![401, 429].includes(error.status)) return refused(db, env, blob, error);
    await db.put('blob', { ...blob, received: at });
    throw error;
  }
}

/** The rep is told, and may send the bytes again. */
async function refused(db: Database, env: Environment, blob: Blob, { problem }: RefusedError): Promise<void> {
  const { id, account_id, name, media_type, bytes } = blob;
  const at = new Date(env.now()).toISOString();
  const args = { id, account_id, name, media_type, size: bytes.length };
  const mutation = { id, name: 'attachment.add' as const, version: MUTATION_SCHEMA, args, made_at: at };
  await db.put('attention', { id, at, kind: 'rejected', bytes: true, mutation, children: [], problem });
}

async function sendPiece(send: Send, blob: Blob, offset: number): Promise<Received> {
  const body = blob.bytes.slice(offset, offset + CHUNK);
  const path = `/api/v1/attachments/${blob.id}/content?offset=${offset}`;
  try {
    const answer = await send<Received>(path, { method: 'PUT', body, timeoutMs: 60_000 });
    if (typeof answer?.received !== 'number') throw new UnreachableError('The answer was not of this server.');
    return answer;
  } catch (error) {
    const goesOn = error instanceof RefusedError && (error.is('wrong-offset') || error.is('wrong-checksum'));
    const received = goesOn ? error.problem.received : undefined;
    if (received === undefined) throw error;
    return { received, complete: received === blob.bytes.length };
  }
}
