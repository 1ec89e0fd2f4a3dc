/** The phone's database as the worker uses it: without `idb`, which would be half of the worker's size. */

export const result = <T>(request: IDBRequest<T>): Promise<T> =>
  new Promise((done, failed) => {
    request.onsuccess = () => done(request.result);
    request.onerror = () => failed(request.error);
  });

export interface WorkerSession {
  csrf_token: string;
  user: { id: string };
  offline_lease_days?: number;
}

/** A transaction on `meta` and another store, if the database is there and has it: the worker makes none and upgrades none. */
export async function begin(store: string, mode?: IDBTransactionMode): Promise<IDBTransaction | undefined> {
  const opening = indexedDB.open('doorstep');
  opening.onupgradeneeded = () => opening.transaction?.abort();
  const db = await result(opening).catch(() => undefined);
  const tx = db?.objectStoreNames.contains(store) ? db.transaction(['meta', store], mode) : undefined;
  db?.close(); // when the transaction is done
  return tx;
}

/** Entries of `meta`; none where there is no transaction. */
export const readMeta = <T extends unknown[]>(tx: IDBTransaction | undefined, ...keys: string[]): Promise<Partial<T>> =>
  Promise.all(tx ? keys.map((key) => result(tx.objectStore('meta').get(key))) : []) as Promise<Partial<T>>;

/** Ask the API as whoever is signed in here. */
export const ask = (path: string, session: WorkerSession | undefined, body: unknown, method = 'POST'): Promise<Response> =>
  fetch('/api/v1/' + path, {
    method,
    headers: { 'content-type': 'application/json', 'x-csrf-token': session?.csrf_token ?? '' },
    body: JSON.stringify(body),
  });
