/** The bytes of photos and files: sent in pieces after their attachment is on the server, from where the server has them. */
import { RefusedError, UnreachableError } from './api';
import type { Database } from './database';
import type { Environment } from './environment';
import type { Send } from './pull';
import type { Blob } from './queue';

export const CHUNK = 256 * 1024;
/** How often the bytes are sent from the start again when the server finds their checksum wrong. */
const MOST_RESTARTS = 2;

interface Received {
  received: number;
  complete: boolean;
}

/**
 * Send what is left of the bytes of every attachment that the server knows.
 *
 * @returns whether any is complete now, or refused
 * @throws UnreachableError, RefusedError (401); what the server has by then is remembered
 */
export async function upload(db: Database, _env: Environment, send: Send): Promise<boolean> {
  const unsent = new Set((await db.getAll('mutation')).filter((one) => one.done === undefined).map(({ args }) => args['id']));
  const rejected = new Set((await db.getAll('attention')).flatMap((item) =>
    item.kind === 'conflict' ? [] : [item.mutation, ...item.children].map(({ args }) => args['id'])));
  let changed = false;
  for (const id of await db.getAllKeys('blob')) {
    if (unsent.has(id) || rejected.has(id)) continue;
    const blob = await db.get('blob', id);
    if (!blob || blob.problem) continue;
    changed = (await sendBytes(db, send, blob)) || changed;
  }
  return changed;
}

async function sendBytes(db: Database, send: Send, blob: Blob): Promise<boolean> {
  let restarts = 0;
  let at = blob.received;
  try {
    for (;;) {
      const { received, complete } = await sendPiece(send, blob, at);
      if (complete) {
        await db.delete('blob', blob.id);
        return true;
      }
      if (received <= at && (restarts += 1) > MOST_RESTARTS) throw new RefusedError(422, { detail: 'The server could not read the bytes.' }, null);
      at = received;
      await db.put('blob', { ...blob, received: at });
    }
  } catch (error) {
    if (!(error instanceof RefusedError) || error.status === 401 || error.status === 429) throw error;
    await db.put('blob', { ...blob, received: at, problem: error.message });
    return true;
  }
}

async function sendPiece(send: Send, blob: Blob, offset: number): Promise<Received> {
  const body = blob.bytes.slice(offset, offset + CHUNK);
  const path = `/api/v1/attachments/${blob.id}/content?offset=${offset}`;
  try {
    const answer = await send<Received>(path, { method: 'PUT', body, timeoutMs: 60_000 });
    if (typeof answer?.received !== 'number') throw new UnreachableError('The answer was not of this server.');
    return answer;
  } catch (error) {
    const received = error instanceof RefusedError && error.is('wrong-offset') ? error.problem.received : undefined;
    if (received === undefined) throw error;
    return { received, complete: received === blob.bytes.length };
  }
}
