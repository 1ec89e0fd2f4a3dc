/**
 * The server's half of the sync, small: what docs/sync.md promises a phone, with rows as plain objects. For what a phone must
 * make of answers; what the real server answers is shown by the tests that run the real one.
 */
import { MUTATORS, type Row } from '../../src/store/mutators';
import { applied, keysOf } from '../../src/store/mutators';
import type { Clash, Mutation } from '../../src/store/queue';
import type { Fetch } from './device';

interface Done {
  result: 'applied' | 'rejected' | 'conflict';
  problem?: object;
  draft?: string;
  conflicts?: Clash[];
}

export const ME = { id: 'u1', name: 'Elin' };
export const SESSION = {
  user: { ...ME, email: 'elin@example.test', role: 'rep', time_zone: 'Europe/Stockholm', locale: 'en-GB' },
  organisation: { id: 'o1', name: 'Rosvall' },
  csrf_token: 'token',
  offline_lease_days: 14,
};

export class Server {
  /** milliseconds since 1970, where it is not the device's */
  now: () => number = () => Date.parse('2026-11-21T12:00:00Z');
  rows = new Map<string, Row>();
  done = new Map<string, Done>();
  last = new Map<string, number>();
  /** mutations in the order of their effect */
  effects: Mutation[] = [];
  requests: { path: string; method: string; body: never }[] = [];
  bytes = new Map<string, Uint8Array>();
  session: typeof SESSION | null = SESSION;
  /** what to say to a mutation before it is looked at */
  judge: (mutation: Mutation) => Done | undefined = () => undefined;
  /** in place of an answer, once */
  next: (() => Promise<Response>)[] = [];
  /** whether pushes are refused as a whole, so that pulls come with mutations unsent */
  deaf = false;
  /** after the work, in place of handing the answer over, once */
  lose = 0;
  private cookies = 0;
  private readonly views = new Map<string, Map<string, Row>>();

  put(type: string, ...rows: object[]): void {
    for (const row of rows) this.rows.set(`${type},${(row as Row).id}`, row as Row);
  }

  fetch: Fetch = async (path, request) => {
    const scripted = this.next.shift();
    if (scripted) return scripted();
    const method = request.method ?? 'GET';
    const body = (typeof request.body === 'string' ? JSON.parse(request.body) : request.body) as never;
    this.requests.push({ path, method, body });
    const response = this.answer(path, method, body);
    if (this.lose > 0) {
      this.lose -= 1;
      throw new TypeError('Failed to fetch');
    }
    return response;
  };

  private answer(path: string, method: string, body: never): Response {
    if (path === '/api/v1/session' && method === 'POST') return json((this.session = { ...SESSION }));
    if (!this.session) return json({ type: '/docs/problems/unauthenticated', title: 'Sign in' }, 401);
    if (path === '/api/v1/session') {
      if (method === 'GET') return json(this.session);
      this.session = null;
      return new Response(null, { status: 204 });
    }
    if (path === '/api/v1/sync/push' && this.deaf) return json({ type: '/docs/problems/unknown-schema', title: 'Update' }, 409);
    if (path === '/api/v1/sync/push') return json(this.push(body));
    if (path === '/api/v1/sync/pull') return json(this.pull(body));
    if (path.startsWith('/api/v1/attachments/')) return this.upload(path, body);
    return json({ title: 'No such page' }, 404);
  }

  private as_of = (): string => new Date(this.now()).toISOString();

  private push({ client_group, mutations }: { client_group: string; mutations: (Mutation & { seq: number })[] }) {
    const answers = mutations.map((mutation) => {
      const { id, seq } = mutation;
      const known = this.done.get(id);
      if (known) return { id, seq, ...known, result: 'duplicate', first: known.result };
      const last = this.last.get(client_group) ?? 0;
      if (seq !== last + 1) {
        return { id, seq, result: 'rejected', retry: true, problem: { type: `/docs/problems/sequence-${seq > last ? 'gap' : 'used'}` } };
      }
      this.last.set(client_group, seq);
      const done = this.apply(mutation);
      this.done.set(id, done);
      return { id, seq, ...done };
    });
    return { as_of: this.as_of(), seq: this.last.get(client_group) ?? 0, answers };
  }

  private apply(mutation: Mutation): Done {
    if (!(mutation.name in MUTATORS)) return { result: 'rejected', problem: { type: '/docs/problems/unknown-mutation' } };
    const parent = mutation.depends_on?.map((id) => this.done.get(id)).find((done) => done?.result === 'rejected');
    const draft = parent?.draft ? { draft: `${parent.draft}-child` } : {};
    if (parent) return { result: 'rejected', problem: { type: '/docs/problems/parent-rejected' }, ...draft };
    const judged = this.judge(mutation);
    if (judged) return judged;
    this.effects.push(mutation);
    const keys = keysOf(mutation);
    const after = applied(mutation, keys.map((key) => this.rows.get(key.join())), ME);
    keys.forEach((key, place) => {
      const row = after[place];
      if (row) this.rows.set(key.join(), row);
      else this.rows.delete(key.join());
    });
    return { result: 'applied' };
  }

  /** The difference to what the phone holds by its cookie, or everything. */
  private pull({ client_group, cookie }: { client_group: string; cookie: string | null }) {
    const held = cookie === null ? undefined : this.views.get(cookie);
    const puts: Record<string, Row[]> = {};
    const dels: Record<string, string[]> = {};
    for (const [key, row] of this.rows) if (held?.get(key) !== row) (puts[typeOf(key)] ??= []).push(row);
    for (const key of held?.keys() ?? []) if (!this.rows.has(key)) (dels[typeOf(key)] ??= []).push(key.split(',')[1] as string);
    const next = `c${(this.cookies += 1)}`;
    this.views.set(next, new Map(this.rows));
    const seq = this.last.get(client_group);
    return {
      cookie: next, as_of: this.as_of(), ...(held ? {} : { reset: true }), ...(seq ? { seq } : {}),
      ...(Object.keys(puts).length ? { puts } : {}), ...(Object.keys(dels).length ? { dels } : {}),
    };
  }

  private upload(path: string, body: unknown): Response {
    const [, id, offset] = /attachments\/([^/]+)\/content\?offset=(\d+)/.exec(path) as unknown as [string, string, string];
    const row = this.rows.get(`attachment,${id}`) as { size: number } | undefined;
    if (!row) return json({ type: '/docs/problems/not-found', title: 'No such attachment' }, 404);
    const there = this.bytes.get(id) ?? new Uint8Array();
    if (!(body as Uint8Array).length) return json({ type: '/docs/problems/wrong-piece', title: 'Empty', received: there.length }, 409);
    if (Number(offset) !== there.length) {
      return json({ type: '/docs/problems/wrong-offset', title: 'Wrong offset', received: there.length }, 409);
    }
    const now = new Uint8Array([...there, ...(body as Uint8Array)]);
    this.bytes.set(id, now);
    return json({ received: now.length, complete: now.length === row.size });
  }
}

const typeOf = (key: string): string => key.split(',')[0] as string;

export const json = (body: unknown, status = 200): Response => new Response(JSON.stringify(body), { status });
