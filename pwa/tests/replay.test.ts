/**
 * What a phone shows is the server's rows of the last pull with the mutations on top that they do not show yet: after
 * every step of random histories in which the rep writes, others write, answers are lost, power is cut and some mutations
 * are rejected. At the end nothing is lost and nothing doubled.
 */
import { expect, test } from 'vitest';
import { applied, keysOf, type Row } from '../src/store/mutators';
import type { Write } from '../src/store/writes';
import type { Account } from '../src/store/rows';
import { Device, settled } from './support/device';
import { ME, Server } from './support/server';
import { opened, restarted, shownRows, type Running } from './support/signed-in';

/** Mulberry32: numbers in [0, 1) that a seed repeats. */
function dice(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

const RUNS = Number(process.env['RUNS'] ?? 40);
const FIRST = Number(process.env['SEED'] ?? 1);

class History {
  readonly server = new Server();
  readonly device = new Device();
  readonly entered = new Set<string>();
  phone!: Running;
  private readonly roll: () => number;
  private ids = 0;

  constructor(seed: number) {
    this.roll = dice(seed);
    this.server.put('account', { id: 'a1', name: 'Norrvik', phone: '0' }, { id: 'a2', name: 'Hestra', aliases: ['H'] });
    // decided by the mutation, so that it is the same however often it is sent
    this.server.judge = ({ args }) => (String(args['text'] ?? args['purpose']).endsWith('7') ? { result: 'rejected', problem: {} } : undefined);
  }

  pick = <T>(from: readonly T[]): T => from[Math.floor(this.roll() * from.length)] as T;
  fresh = (kind: string): string => `${kind}${(this.ids += 1)}`;

  /** Something that a rep may enter now. */
  write(rows: Map<string, object>): Write {
    const ids = (type: string) => [...rows.keys()].filter((key) => key.startsWith(`${type},`)).map((key) => key.split(',')[1] as string);
    const account_id = this.pick(['a1', 'a2']);
    const visit = this.pick(ids('visit').concat('gone'));
    const account = rows.get(`account,${account_id}`) as Account | undefined;
    const at = '2026-11-23T09:00:00Z';
    return this.pick<Write>([
      { name: 'note.add', args: { id: this.fresh('n'), account_id, text: `note ${this.ids}`, written_at: at } },
      { name: 'visit.plan', args: { id: this.fresh('v'), account_id, starts_at: at, ends_at: at, time_zone: 'UTC', purpose: `visit ${this.ids}` } },
      { name: 'visit.log', args: { id: visit, outcome: `outcome ${this.fresh('')}`, done_at: at } },
      { name: 'note.add', args: { id: this.fresh('n'), account_id, visit_id: visit, text: `at a visit ${this.ids}`, written_at: at } },
      { name: 'visit.cancel', args: { id: visit } },
      { name: 'account.change', args: { id: account_id, fields: { phone: this.fresh('') }, base: { phone: account?.phone ?? null } } },
      { name: 'account.change', args: { id: account_id, fields: { aliases: [this.fresh('x')] }, base: { aliases: account?.aliases ?? [] } } },
    ]);
  }

  async step(): Promise<void> {
    const { server, device } = this;
    const act = this.roll();
    if (act < 0.45) {
      const saved = await this.phone.phone.mutate(...this.args());
      this.entered.add(saved.id);
    } else if (act < 0.6) {
      const id = this.fresh('n');
      server.put('note', { id, account_id: 'a1', author: 'Nils', text: id, written_at: '2026-11-21T12:00:00Z' });
    } else if (act < 0.65) {
      server.put('account', { ...(server.rows.get('account,a1') as Account), phone: this.fresh('p') });
    } else if (act < 0.7) {
      server.rows.delete(this.pick([...server.rows.keys()].filter((key) => key !== 'account,a1')));
    } else if (act < 0.8) {
      server.lose += 1;
    } else if (act < 0.88) {
      this.phone.tab.cut();
      this.phone = await restarted(this.phone);
    } else if (act < 0.91) {
      server.deaf = !server.deaf;
    } else if (act < 0.94) {
      this.online = !this.online;
      device.fetch = this.online ? server.fetch : () => Promise.reject(new TypeError('Failed to fetch'));
    } else {
      await this.phone.phone.syncNow();
    }
    if (this.roll() < 0.5) await settled();
  }

  private online = true;
  private writes: Write[] = [];
  async prepare(): Promise<void> {
    this.writes = [this.write(await shownRows(this.phone.db))];
  }

  private args(): Parameters<Running['phone']['mutate']> {
    const { name, args } = this.writes[0] as Write;
    return [name, args] as never;
  }

  /** Rows as they are without any mutation, and with those of the queue done again by hand. */
  async check(): Promise<void> {
    const { db } = this.phone;
    const tx = db.transaction(['mutation', 'base', 'account', 'visit', 'note'], 'readonly');
    const rows = new Map<string, Row>();
    for (const type of ['account', 'visit', 'note'] as const) {
      for (const row of await tx.objectStore(type).getAll()) rows.set(`${type},${row.id}`, row);
    }
    const shown = new Map(rows);
    for (const { type, id, row } of await tx.objectStore('base').getAll()) {
      if (row) rows.set(`${type},${id}`, row as Row);
      else rows.delete(`${type},${id}`);
    }
    for (const mutation of await tx.objectStore('mutation').index('order').getAll()) {
      const keys = keysOf(mutation);
      const after = applied(mutation, keys.map((key) => rows.get(key.join())), ME);
      keys.forEach((key, place) => (after[place] ? rows.set(key.join(), after[place]) : rows.delete(key.join())));
    }
    expect(sorted(shown)).toEqual(sorted(rows));
  }

  async end(): Promise<void> {
    const { server, device } = this;
    server.lose = 0;
    server.deaf = false;
    device.fetch = server.fetch;
    for (let round = 0; round < 4; round += 1) await this.phone.phone.syncNow(true);
    const { unsent, attention } = this.phone.phone.shown;
    expect(unsent.value.count).toBe(0);
    expect(sorted(await shownRows(this.phone.db))).toEqual(sorted(server.rows));
    const done = server.effects.map(({ id }) => id);
    const rejected = attention.value.flatMap((item) => [item.mutation, ...('children' in item ? item.children : [])]).map(({ id }) => id);
    expect(new Set(done).size, 'nothing doubled').toBe(done.length);
    expect([...done, ...rejected].sort(), 'nothing lost').toEqual([...this.entered].sort());
    expect(await this.phone.db.count('base')).toBe(0);
    expect(this.phone.phone.journal.of(ME.id).map(({ id }) => id).sort()).toEqual(rejected.sort());
  }
}

const sorted = (rows: Map<string, object>) => [...rows].sort(([a], [b]) => (a < b ? -1 : 1));

test.each(Array.from({ length: RUNS }, (_, run) => FIRST + run))('history %i', async (seed) => {
  const history = new History(seed);
  history.phone = await opened(history.device, history.server);
  for (let step = 0; step < 30; step += 1) {
    await history.prepare();
    await history.step();
    await history.check();
  }
  await settled();
  await history.end();
});
