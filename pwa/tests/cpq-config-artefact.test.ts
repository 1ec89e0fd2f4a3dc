/** Compiled models that are whole, damaged, cut off, or of another time. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { ArtefactError, loadModel } from '../src/cpq/config';
import { randomOf } from './support/random';

const vector = JSON.parse(readFileSync(new URL('../../fixtures/vectors/configuration-cabinet.json', import.meta.url), 'utf8')) as { model: string };
const whole = new Uint8Array(Buffer.from(vector.model, 'base64'));
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest();

/** Packed as the server packs it, whatever is inside. */
function packed(body: Uint8Array): Uint8Array {
  const rest = gzipSync(body).subarray(10);
  return new Uint8Array(Buffer.concat([whole.subarray(0, 16), sha256(rest).subarray(0, 16), rest]));
}

/** The model with a change inside, and a check sum that fits it. */
function changed(change: (body: Uint8Array) => void): Uint8Array {
  const body = gunzipSync(whole).subarray(0, -32);
  change(body);
  return packed(Buffer.concat([body, sha256(body)]));
}

describe('a compiled model', () => {
  it('is read', async () => {
    const model = await loadModel(whole);
    expect(model.engine).toBe('diagram');
    expect(model.features.map(({ id }) => id)).toContain('cabinet');
    await expect(loadModel(changed(() => undefined))).resolves.toBeDefined();
  });

  it('with any bit flipped is refused', async () => {
    const random = randomOf(11);
    const places = [...Array(48).keys(), ...Array.from({ length: 200 }, () => random.below(whole.length))];
    for (const place of places) {
      const flipped = whole.slice();
      flipped[place] = (flipped[place] as number) ^ (1 << random.below(8));
      await expect(loadModel(flipped), `byte ${place}`).rejects.toThrow(ArtefactError);
    }
  });

  it('cut off anywhere is refused', async () => {
    for (let length = 0; length < whole.length; length += 13) await expect(loadModel(whole.slice(0, length)), `${length} bytes`).rejects.toThrow(ArtefactError);
  });

  it('of a newer format asks for an update', async () => {
    await expect(loadModel(changed((body) => (body[4] = 2)))).rejects.toThrow(/format 2; this version reads up to 1. Update/);
  });

  it('whose inside is nonsense is refused as such, never read wrongly', async () => {
    const random = randomOf(12);
    for (let round = 0; round < 150; round += 1) {
      const made = changed((body) => (body[5 + random.below(body.length - 5)] = random.below(256)));
      await loadModel(made).catch((error: unknown) => expect(error).toBeInstanceOf(ArtefactError));
    }
  });
});
