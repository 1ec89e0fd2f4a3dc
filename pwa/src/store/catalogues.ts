/**
 * Catalogues on this phone. Their rows come with a pull and say which there are; the content of each is immutable, fetched
 * once by its hash, checked, and kept for as long as a row, a quote or something unsent refers to it.
 */
import { RefusedError } from './api';
import { canonical } from '../cpq/quote/canonical';
import type { Database, KeptCatalogue } from './database';
import type { Environment } from './environment';
import type { Send } from './pull';
import type { CatalogueRow } from './rows';

interface Content {
  document: { id?: string; version?: string } & Record<string, unknown>;
  models: Record<string, string>;
}

/** What arrived is not what the row's hash says: nothing of it is kept, and it is fetched again with the next round. */
export class DamagedCatalogueError extends Error {
  override name = 'DamagedCatalogueError';
  constructor({ name, version }: CatalogueRow) {
    super(`The catalogue ${name} ${version} arrived damaged and is not kept.`);
  }
}

/**
 * Fetch what is missing and remove what nothing refers to any more.
 *
 * A catalogue that the server does not give is tried again with the next round.
 *
 * @returns whether something changed
 * @throws UnreachableError, DamagedCatalogueError, and RefusedError where the session is at fault
 */
export async function keepCatalogues(db: Database, env: Environment, send: Send): Promise<boolean> {
  const [rows, kept] = await Promise.all([db.getAll('catalogue'), db.getAllKeys('catalogue_content')]);
  const missing = rows.filter(({ hash }) => hash && !kept.includes(hash));
  let changed = false;
  for (const row of missing) {
    const content = await fetched(row, env, send);
    if (!content) continue;
    await db.put('catalogue_content', content);
    changed = true;
  }
  if (kept.length === 0 || !(await forgetOld(db, rows))) return changed;
  return true;
}

async function fetched(row: CatalogueRow, env: Environment, send: Send): Promise<KeptCatalogue | null> {
  let content: Content;
  try {
    content = await send<Content>(`/api/v1/catalogs/${row.id}/content`, { timeoutMs: 60_000 });
  } catch (error) {
    if (error instanceof RefusedError && ![401, 403, 429].includes(error.status)) return null; // retired meanwhile: the next pull says so
    throw error;
  }
  if (typeof content?.document !== 'object' || (await hashOf(content.document, env)) !== row.hash) {
    throw new DamagedCatalogueError(row);
  }
  const models = Object.fromEntries(Object.entries(content.models ?? {}).map(([sku, text]) => [sku, bytesOf(text)]));
  const { hash, id, key, version, name } = row;
  return { hash, id, key, version, name, document: content.document, models };
}

/** SHA-256 of a document as canonical JSON, hexadecimal. */
export async function hashOf(document: unknown, env: Pick<Environment, 'digest'>): Promise<string> {
  const digest = new Uint8Array(await env.digest(new TextEncoder().encode(canonical(document))));
  return [...digest].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

const bytesOf = (base64: string): Uint8Array<ArrayBuffer> => Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));

/** Remove contents that no row, no quote, nothing unsent and nothing begun refers to. */
async function forgetOld(db: Database, rows: readonly CatalogueRow[]): Promise<boolean> {
  const contents = await db.getAll('catalogue_content');
  const current = new Set(rows.map(({ hash }) => hash));
  const old = contents.filter(({ hash }) => !current.has(hash));
  if (old.length === 0) return false;
  const [quotes, queue, attention, meta] = await Promise.all([
    db.getAll('quote'), db.getAll('mutation'), db.getAll('attention'), db.getAll('meta'),
  ]);
  const referred = new Set(named([quotes, queue, attention, meta]));
  const unused = old.filter(({ key, version }) => !referred.has(nameOf(key, version)));
  await Promise.all(unused.map(async ({ hash }) => db.delete('catalogue_content', hash)));
  return unused.length > 0;
}

const nameOf = (key: unknown, version: unknown): string => `${String(key)} ${String(version)}`;

/** Every catalogue and version that quotes speak of, at any depth. */
function named(value: unknown): string[] {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return [];
  const { catalogue, catalogue_version: version } = value as Record<string, unknown>;
  const own = typeof catalogue === 'string' && typeof version === 'string' ? [nameOf(catalogue, version)] : [];
  return [...own, ...Object.values(value).flatMap(named)];
}
