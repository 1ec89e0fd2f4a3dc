/** Steps read from JSON: which adjustments there are, and the members and limits of each. */
import { type Exact, HUNDRED, ONE, ZERO, plain, read } from './decimals.ts';
import { PriceError, named } from './errors.ts';
import { boolean, identifier, isGiven, isObject, listed, type Members, members, number, places, string, word } from './members.ts';
import { type AdjustmentModel, MODES, PHASES, type StepModel, type TierModel } from './model.ts';
import { readPredicate } from './predicates.ts';
import type { Source } from './types.ts';

const MAX_TIERS = 1000;
const STEP: ReadonlySet<string> = new Set(['id', 'phase', 'scope', 'when', 'adjustment', 'rounding', 'reason', 'source']);
const ROUNDING: ReadonlySet<string> = new Set(['mode', 'places', 'to']);

type Bounds = readonly [Exact | null, Exact | null];
type Figures = Readonly<Record<string, Bounds>>;
const ANY: Bounds = [null, null];
const POSITIVE: Bounds = [ZERO, null];
const PERCENT: Bounds = [ZERO, HUNDRED];
const MORE: Bounds = [ZERO, read('1000000') ?? ZERO];

interface Kind {
  required: readonly (readonly [string, Bounds])[];
  optional: readonly (readonly [string, Bounds])[];
  flags: ReadonlySet<string>;
  known: ReadonlySet<string>;
}

function kind(required: Figures, optional: Figures = {}, flags: readonly string[] = []): Kind {
  return {
    required: Object.entries(required),
    optional: Object.entries(optional),
    flags: new Set(flags),
    known: new Set(['type', ...Object.keys(required), ...Object.keys(optional), ...flags]),
  };
}

const TIERED = ['tiers', 'bounds', 'flat_at_zero'];
/** By type of adjustment: its figures with their least and greatest, and its flags. */
const KINDS: ReadonlyMap<string, Kind> = new Map([
  ['per_unit', kind({ amount: ANY })],
  ['graduated', kind({}, {}, TIERED)],
  ['volume', kind({}, {}, TIERED)],
  ['graduated_percentage', kind({}, {}, TIERED)],
  ['package', kind({ size: POSITIVE, amount: ANY }, { free: POSITIVE })],
  ['percentage', kind({ rate: MORE }, { fixed: ANY, free_events: POSITIVE, free_amount: POSITIVE, min: POSITIVE, max: POSITIVE })],
  ['flat_fee', kind({ amount: ANY }, {}, ['flat_at_zero'])],
  ['percent_discount', kind({ percent: PERCENT })],
  ['amount_discount', kind({ amount: POSITIVE }, { used: POSITIVE })],
  ['fixed_price', kind({ amount: POSITIVE })],
  ['markup', kind({ percent: MORE })],
  ['surcharge', kind({}, { amount: ANY, percent: MORE })],
  ['floor', kind({ amount: ANY }, {}, ['above'])],
  ['cap', kind({ amount: ANY }, {}, ['above'])],
  ['proration', kind({ numerator: POSITIVE, denominator: POSITIVE })],
]);

/** A step read from JSON; PriceError with a pointer that begins with `pointer`. */
export function readStep(step: unknown, pointer: string): StepModel {
  const found = members(step, pointer, STEP);
  const { when, rounding, source } = found;
  return {
    id: identifier(found, 'id', pointer),
    phase: word(found, 'phase', pointer, PHASES, ''),
    scope: word(found, 'scope', pointer, ['unit', 'line'], 'line'),
    adjustment: readAdjustment(found['adjustment'], `${pointer}/adjustment`),
    reason: string(found, 'reason', pointer, ''),
    when: isGiven(when) ? readPredicate(when, `${pointer}/when`) : null,
    rounding: isGiven(rounding) ? readRounding(rounding, `${pointer}/rounding`) : null,
    source: isGiven(source) ? (source as Source) : null,
  };
}

function readRounding(rounding: unknown, at: string): NonNullable<StepModel['rounding']> {
  const found = members(rounding, at, ROUNDING);
  const mode = word(found, 'mode', at, MODES, 'half_up');
  const kept = places(found, 'places', at);
  const to = isGiven(found['to']) ? number(found, 'to', at, ZERO, null, true) : null;
  if ((kept === null) === (to === null)) {
    throw new PriceError(at, 'either places, or the amount to round to whole multiples of, is needed');
  }
  return { mode, places: kept, to };
}

function readAdjustment(adjustment: unknown, at: string): AdjustmentModel {
  if (!isObject(adjustment)) throw new PriceError(at, 'an object with a type is needed');
  const type = adjustment['type'];
  const found = typeof type === 'string' ? KINDS.get(type) : undefined;
  if (typeof type !== 'string' || found === undefined) {
    throw new PriceError(`${at}/type`, `${named(type)} is not one of ${[...KINDS.keys()].join(', ')}`);
  }
  members(adjustment, at, found.known);
  const given: Record<string, Exact> = {};
  for (const [name, [low, high]] of found.required) given[name] = number(adjustment, name, at, low, high);
  for (const [name, [low, high]] of found.optional) {
    if (isGiven(adjustment[name])) given[name] = number(adjustment, name, at, low, high);
  }
  const model: AdjustmentModel = { type, given, tiers: [], flatAtZero: false, aboveList: false };
  if (found.flags.size === 0) {
    agree(type, given, at);
    return model;
  }
  if (found.flags.has('tiers')) model.tiers = readTiers(adjustment, type, at);
  if (found.flags.has('flat_at_zero')) model.flatAtZero = boolean(adjustment, 'flat_at_zero', at, type === 'flat_fee');
  const above = adjustment['above'];
  if (isGiven(above) && above !== 'list') {
    throw new PriceError(`${at}/above`, 'an amount is above nothing, or above the list price: list');
  }
  model.aboveList = above === 'list';
  return model;
}

/** What the figures of one adjustment ask of each other. */
function agree(type: string, given: Readonly<Record<string, Exact>>, at: string): void {
  if (type === 'surcharge' && Object.keys(given).length !== 1) {
    throw new PriceError(at, 'a surcharge has an amount or a percent, and not both');
  }
  for (const name of ['size', 'denominator']) {
    if (given[name]?.isZero()) throw new PriceError(`${at}/${name}`, 'more than 0 is needed');
  }
  const { min, max } = given;
  if (min !== undefined && max !== undefined && min.gt(max)) {
    throw new PriceError(`${at}/max`, 'the greatest amount of an event is below the least');
  }
}

/** Tiers that begin at zero, follow each other without gap or overlap, and have no end. */
function readTiers(adjustment: Members, type: string, at: string): TierModel[] {
  const whole = word(adjustment, 'bounds', at, ['whole', 'continuous'], 'continuous') === 'whole';
  const rows = listed(adjustment, 'tiers', at);
  if (rows.length === 0 || rows.length > MAX_TIERS) throw new PriceError(`${at}/tiers`, `1 to ${MAX_TIERS} tiers are needed`);
  const price = type === 'graduated_percentage' ? 'rate' : 'unit';
  const known = new Set(['from', 'upto', price, 'flat']);
  let below: Exact | null = null;
  return rows.map((value, n) => {
    const place = `${at}/tiers/${n}`;
    const row = members(value, place, known);
    checkFrom(row, below, whole, place);
    below = readEnd(row, below, whole, place, n === rows.length - 1);
    const flat = isGiven(row['flat']) ? number(row, 'flat', place) : ZERO;
    return { upto: below, price: isGiven(row[price]) ? number(row, price, place) : ZERO, flat };
  });
}

function checkFrom(row: Members, below: Exact | null, whole: boolean, at: string): void {
  if (!isGiven(row['from'])) return;
  const begins = number(row, 'from', at);
  const expected = below === null ? ZERO : whole ? below.plus(ONE) : below;
  const fits = begins.eq(expected) || (below === null && whole && begins.eq(ONE));
  if (!fits) {
    const asked = below === null && whole ? '0 or 1' : plain(expected);
    const bounds = whole ? 'whole' : 'continuous';
    throw new PriceError(`${at}/from`, `a gap or an overlap: with ${bounds} bounds this tier begins at ${asked}`);
  }
}

function readEnd(row: Members, below: Exact | null, whole: boolean, at: string, last: boolean): Exact | null {
  if (!isGiven(row['upto'])) {
    if (!last) throw new PriceError(`${at}/upto`, 'only the last tier has no end');
    return null;
  }
  if (last) throw new PriceError(`${at}/upto`, 'the last tier has no end: null is needed');
  const upto = number(row, 'upto', at, ZERO);
  if (below !== null && upto.lte(below)) {
    throw new PriceError(`${at}/upto`, 'an overlap: a tier ends above the tier before');
  }
  if (whole && !upto.isInteger()) throw new PriceError(`${at}/upto`, 'with whole bounds a tier ends at a whole number');
  return upto;
}
