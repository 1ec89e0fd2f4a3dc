/**
 * Reads a compiled model: gzip("DSCM" | format | sections | sha256 of all before). A section is a tag, a varint length and bytes;
 * varints are unsigned LEB128. The extra field of the gzip header holds a check sum of the compressed bytes, so that a flip in
 * bits that inflating ignores is seen too. The twin of `app/cpq/artefact.py`.
 *
 * A damaged, cut or newer file is an `ArtefactError` that says which.
 */
import { ArtefactError } from './errors';
import type { Header } from './types';

const MAGIC = [0x44, 0x53, 0x43, 0x4d]; // DSCM
const FORMAT = 1;
const DIGEST_BYTES = 32;
/** How the gzip header begins: deflate, an extra field, no time, then one subfield "DS" of 16 bytes. */
const GZIP_HEAD = [0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 2, 0xff, 20, 0, 0x44, 0x53, 16, 0];
const CHECK_BYTES = 16;
/** What a model may take when it is unpacked. */
const MOST_BYTES = 64 * 1024 * 1024;

/**
 * A reduced decision diagram without complement edges. Node ids: 0 false, 1 true, then deepest level first, so that children
 * come before parents; the root is the last. A level that an edge skips is "either".
 */
export interface Diagram {
  readonly level: Int32Array;
  readonly low: Int32Array;
  readonly high: Int32Array;
  readonly root: number;
}

/** Clause c holds `literals[start[c]] … literals[start[c + 1] − 1]` and comes from rule `rule[c]` (0: structure, i: rules[i − 1]). */
export interface Clauses {
  readonly start: Int32Array;
  readonly literals: Int32Array;
  readonly rule: Int32Array;
}

export interface Artefact {
  readonly header: Header;
  readonly diagram: Diagram | null;
  readonly clauses: Clauses;
}

export async function readArtefact(packed: Uint8Array): Promise<Artefact> {
  await checkPacked(packed);
  const bytes = await unpack(packed);
  const body = bytes.subarray(0, Math.max(0, bytes.length - DIGEST_BYTES));
  if (body.length <= MAGIC.length || MAGIC.some((byte, at) => body[at] !== byte)) throw new ArtefactError('This is not a compiled model.');
  const format = body[MAGIC.length] as number;
  if (format > FORMAT) throw new ArtefactError(`The model has format ${format}; this version reads up to ${FORMAT}. Update the app.`);
  if (!equal(await sha256(body), bytes.subarray(body.length))) throw new ArtefactError('The model is damaged: its check sum does not fit. Load it again.');
  if (format !== FORMAT) throw new ArtefactError(`The model has format ${format}, which never was.`);
  const sections = split(body);
  const header = readHeader(sections.get('H'));
  const clauses = readClauses(new Varints(need(sections, 'C')), header);
  const nodes = sections.get('N');
  if ((header.engine === 'diagram') !== (nodes !== undefined)) throw new ArtefactError('The model does not say by which engine it is served.');
  return { header, clauses, diagram: nodes ? readDiagram(new Varints(nodes), header.public) : null };
}

async function unpack(packed: Uint8Array): Promise<Uint8Array> {
  const reader = new Blob([packed as Uint8Array<ArrayBuffer>]).stream().pipeThrough(new DecompressionStream('gzip')).getReader();
  const parts: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const next = await reader.read().catch(() => {
      throw new ArtefactError('The model is damaged or cut off: it cannot be unpacked. Load it again.');
    });
    if (next.done) break;
    parts.push(next.value);
    size += next.value.length;
    if (size > MOST_BYTES) {
      void reader.cancel();
      throw new ArtefactError('The model is larger than a phone can hold.');
    }
  }
  const whole = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

async function checkPacked(packed: Uint8Array): Promise<void> {
  if (packed[0] !== GZIP_HEAD[0] || packed[1] !== GZIP_HEAD[1]) throw new ArtefactError('This is not a compiled model.');
  const start = GZIP_HEAD.length + CHECK_BYTES;
  const said = packed.subarray(GZIP_HEAD.length, start);
  const digest = await sha256(packed.subarray(start));
  const whole = GZIP_HEAD.every((byte, at) => byte === packed[at]) && equal(digest.subarray(0, CHECK_BYTES), said);
  if (!whole) throw new ArtefactError('The model is damaged or cut off: its check sum does not fit. Load it again.');
}

const sha256 = async (bytes: Uint8Array): Promise<Uint8Array> =>
  new Uint8Array(await crypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>));

const equal = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && a.every((byte, at) => byte === b[at]);

function split(body: Uint8Array): Map<string, Uint8Array> {
  const sections = new Map<string, Uint8Array>();
  const from = new Varints(body, MAGIC.length + 1);
  while (!from.atEnd) {
    const tag = String.fromCharCode(from.byte());
    sections.set(tag, from.take(from.next()));
  }
  return sections;
}

function need(sections: Map<string, Uint8Array>, tag: string): Uint8Array {
  const found = sections.get(tag);
  if (!found) throw new ArtefactError(`The model lacks its section ${tag}.`);
  return found;
}

function readHeader(bytes: Uint8Array | undefined): Header {
  if (!bytes) throw new ArtefactError('The model lacks its section H.');
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as Header;
  } catch {
    throw new ArtefactError('The header of the model cannot be read.');
  }
}

/** Columns: level first as (levels − 1 − level), then what each is above the one before; children as what their id is below. */
function readDiagram(from: Varints, levels: number): Diagram {
  const count = from.count();
  const [level, low, high] = [new Int32Array(count + 2), new Int32Array(count + 2), new Int32Array(count + 2)];
  level[0] = level[1] = levels;
  for (let id = 2, above = levels - 1; id < count + 2; id += 1) level[id] = above -= from.next();
  for (let id = 2; id < count + 2; id += 1) low[id] = id - from.next();
  for (let id = 2; id < count + 2; id += 1) high[id] = id - from.next();
  for (let id = 2; id < count + 2; id += 1) {
    const [at, one, other] = [level[id] as number, low[id] as number, high[id] as number];
    const deeper = one >= 0 && other >= 0 && at >= 0 && (level[one] as number) > at && (level[other] as number) > at;
    if (!deeper) throw new ArtefactError(`Node ${id} of the model does not lead downwards.`);
  }
  return { level, low, high, root: count + 1 };
}

function readClauses(from: Varints, { variables, rules }: Header): Clauses {
  const count = from.count();
  const start = new Int32Array(count + 1);
  const rule = new Int32Array(count);
  const literals: number[] = [];
  for (let clause = 0; clause < count; clause += 1) {
    rule[clause] = from.next();
    let literal = 0;
    for (let left = from.next(); left > 0; left -= 1) {
      literal += from.signed();
      if (literal === 0 || Math.abs(literal) > variables) throw new ArtefactError(`Clause ${clause} of the model names variable ${literal}.`);
      literals.push(literal);
    }
    if ((rule[clause] as number) > rules.length) throw new ArtefactError(`Clause ${clause} of the model names a rule that is not there.`);
    start[clause + 1] = literals.length;
  }
  return { start, rule, literals: Int32Array.from(literals) };
}

class Varints {
  constructor(private readonly bytes: Uint8Array, private at = 0) {}

  get atEnd(): boolean {
    return this.at >= this.bytes.length;
  }

  byte(): number {
    const byte = this.bytes[this.at++];
    if (byte === undefined) throw new ArtefactError('The model is cut off inside a section.');
    return byte;
  }

  next(): number {
    let value = 0;
    for (let shift = 1; ; shift *= 128) {
      const byte = this.byte();
      value += (byte & 127) * shift;
      if (byte < 128) break;
      if (shift > 2 ** 28) throw new ArtefactError('A number of the model is too large.');
    }
    return value;
  }

  /** How many entries follow; each takes a byte at least. */
  count(): number {
    const value = this.next();
    if (value > this.bytes.length) throw new ArtefactError('The model is cut off inside a section.');
    return value;
  }

  /** Zigzag: 0, −1, 1, −2 … */
  signed(): number {
    const value = this.next();
    return value % 2 ? -(value + 1) / 2 : value / 2;
  }

  take(length: number): Uint8Array {
    if (this.at + length > this.bytes.length) throw new ArtefactError('The model is cut off inside a section.');
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }
}
