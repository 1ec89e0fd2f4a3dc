/** The catalogue on the phone: fetched once by its hash, checked, kept for as long as something refers to it. */
import 'fake-indexeddb/auto';
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { canonical } from '../src/cpq/quote/canonical';
import { Device, settled, type Fetch } from './support/device';
import { Server } from './support/server';
import { offline, opened, restarted, type Running } from './support/signed-in';

const hashOf = (document: object) => createHash('sha256').update(canonical(document)).digest('hex');
const document = (version: string) => ({ format: 1, id: 'pumps', version, name: `Pumps ${version}`, products: [{ sku: 'PX', name: 'Pümp', pieces: 3 }] });
const row = (version: string) => ({ id: `c${version}`, key: 'pumps', version, name: `Pumps ${version}`, hash: hashOf(document(version)), bytes: 100 });
const MODEL = btoa('\u0000model\u00ff');

/** A server that also gives the content of catalogues; `asked` counts how often. */
class CatalogueServer extends Server {
  asked: string[] = [];
  damaged = false;

  giving: Fetch = async (path, request) => {
    const version = /^\/api\/v1\/catalogs\/c([^/]+)\/content$/.exec(path)?.[1];
    if (!version) return this.fetch(path, request);
    this.asked.push(version);
    const content = { document: this.damaged ? { ...document(version), name: 'Other' } : document(version), models: { PX: MODEL } };
    return new Response(JSON.stringify(content), { headers: { 'content-type': 'application/json' } });
  };
}

async function phoneWith(...versions: string[]): Promise<{ running: Running; server: CatalogueServer; device: Device }> {
  const device = new Device();
  const server = new CatalogueServer();
  server.fetch = server.fetch.bind(server);
  server.put('account', { id: 'a1', name: 'Norrvik' });
  server.put('catalogue', ...versions.map(row));
  const running = await openedWith(device, server);
  return { running, server, device };
}

async function openedWith(device: Device, server: CatalogueServer): Promise<Running> {
  device.fetch = server.giving;
  server.now = () => device.clock;
  const running = await opened(device);
  await settled();
  return running;
}

const kept = async ({ db }: Running) => (await db.getAll('catalogue_content')).map(({ version }) => version).sort();

describe('a catalogue', () => {
  test('is fetched after the pull that names it, once, with its models as bytes', async () => {
    const { running, server } = await phoneWith('1');
    expect(await kept(running)).toEqual(['1']);
    const [content] = await running.db.getAll('catalogue_content');
    expect(content).toMatchObject({ key: 'pumps', hash: row('1').hash, document: document('1') });
    expect([...(content?.models['PX'] ?? [])]).toEqual([0, 109, 111, 100, 101, 108, 255]);
    await running.phone.syncNow(true);
    expect(server.asked).toEqual(['1']);
  });

  test('that is not what its hash says is not kept, is said, and is fetched anew', async () => {
    const { running, server } = await phoneWith();
    server.damaged = true;
    server.put('catalogue', row('1'));
    await running.phone.syncNow(true);
    expect(await kept(running)).toEqual([]);
    expect(running.phone.shown.refusal.value).toContain('arrived damaged');
    server.damaged = false;
    await running.phone.syncNow(true);
    expect(await kept(running)).toEqual(['1']);
    expect(running.phone.shown.refusal.value).toBeNull();
  });

  test('is there offline after the app was closed', async () => {
    const { running, device } = await phoneWith('1');
    offline(device);
    expect(await kept(await restarted(running))).toEqual(['1']);
  });

  test('that is replaced goes with its row, unless a quote, an entry or a form refers to it', async () => {
    const { running, server } = await phoneWith('1', '2', '3', '4');
    const content = (version: string) => ({ catalogue: 'pumps', catalogue_version: version, lines: [] });
    server.put('quote', { id: 'q1', account_id: 'a1', number: 'N', title: 'T', author: 'Elin', status: 'draft', version: 1, revision: 1, content: content('1'), totals: {} });
    await running.db.put('meta', { path: '/quotes/q2', title: 'Quote', at: '', value: { content: content('2') } } as never, 'typed /quotes/q2' as never);
    for (const version of ['1', '2', '3']) server.rows.delete(`catalogue,c${version}`);
    await running.phone.syncNow(true);
    expect(await kept(running)).toEqual(['1', '2', '4']);
    server.rows.delete('quote,q1');
    await running.phone.syncNow(true);
    expect(await kept(running)).toEqual(['2', '4']);
  });

  test('comes again after the browser removed what was stored', async () => {
    const { running, server, device } = await phoneWith('1');
    running.tab.cut();
    device.evict('database');
    await settled();
    expect(await kept(await openedWith(device, server))).toEqual(['1']);
    expect(server.asked).toEqual(['1', '1']);
  });

  test('goes with everything else when its rep signs out', async () => {
    const { running, device } = await phoneWith('1');
    expect(await running.phone.signOut()).toBe('told');
    expect(await device.indexedDB.databases()).toEqual([]);
  });
});
