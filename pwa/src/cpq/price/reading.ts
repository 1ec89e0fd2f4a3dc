/** From JSON to a request: every member is checked here, and what is wrong is told with its place. */
import { EXPONENTS } from './currencies.gen.ts';
import { type Exact, HUNDRED, ZERO, read } from './decimals.ts';
import { PriceError, member, named } from './errors.ts';
import { boolean, figure, identifier, isGiven, listed, type Members, members, number, places, quantity, string, word, words } from './members.ts';
import { type FloorModel, type HeaderModel, type LineModel, MODES, type PolicyModel, type RequestModel, type TaxModel, type UsageModel } from './model.ts';
import { readPredicate } from './predicates.ts';
import { readStep } from './steps.ts';
import type { Facts, Source } from './types.ts';

const MAX_LINES = 2000;
const THOUSAND = read('1000') ?? ZERO;
const CHARGES = ['one_time', 'recurring', 'usage'] as const;
const PERIODS = ['month', 'year'] as const;
const KINDS = ['percent', 'amount', 'fixed_total'] as const;
const REQUEST: ReadonlySet<string> = new Set(['currency', 'on', 'policy', 'facts', 'steps', 'taxes', 'floors', 'header', 'lines']);
const LINE: ReadonlySet<string> = new Set([
  'id', 'sku', 'name', 'charge', 'quantity', 'factor', 'period', 'periods', 'optional', 'selected', 'later', 'bundle',
  'parent', 'tax_class', 'tax_included', 'cost', 'facts', 'usage', 'steps',
]);
const USAGE: ReadonlySet<string> = new Set([
  'quantity', 'prorated_quantity', 'amount', 'event_count', 'events', 'prorated_events', 'running_totals',
]);
const TAX: ReadonlySet<string> = new Set(['id', 'name', 'class', 'rate', 'when']);
const FLOOR: ReadonlySet<string> = new Set(['id', 'min_margin_percent', 'reason', 'when', 'skus', 'families']);
const HEADER: ReadonlySet<string> = new Set(['id', 'kind', 'value', 'reason', 'charge', 'lines', 'weights', 'source']);
const POLICY: ReadonlySet<string> = new Set(['stacking', 'rounding', 'tax']);
const ROUNDING: ReadonlySet<string> = new Set(['mode', 'point', 'places', 'unit_places']);
const TAXING: ReadonlySet<string> = new Set(['per', 'included']);
const NO_FACTS: Facts = {};

/** Decimal places of a currency; PriceError when it is none in use. */
export function exponent(currency: unknown): number {
  const found = typeof currency === 'string' && Object.hasOwn(EXPONENTS, currency) ? EXPONENTS[currency] : undefined;
  if (found === undefined) throw new PriceError('/currency', `${named(currency)} is not an ISO 4217 currency code in use`);
  return found;
}

/** The request that a JSON document is; PriceError at the first member that is none. */
export function readRequest(value: unknown): RequestModel {
  const document = members(value, '', REQUEST);
  exponent(document['currency']);
  const lines = listed(document, 'lines', '');
  if (lines.length > MAX_LINES) throw new PriceError('/lines', `more than ${MAX_LINES} lines`);
  const request: RequestModel = {
    currency: String(document['currency']),
    lines: lines.map((line, n) => readLine(line, `/lines/${n}`)),
    on: string(document, 'on', '', ''),
    policy: readPolicy(document['policy'] === undefined ? {} : document['policy'], '/policy'),
    facts: readFacts(document, ''),
    steps: listed(document, 'steps', '').map((step, n) => readStep(step, `/steps/${n}`)),
    taxes: listed(document, 'taxes', '').map((tax, n) => readTax(tax, `/taxes/${n}`)),
    floors: listed(document, 'floors', '').map((floor, n) => readFloor(floor, `/floors/${n}`)),
    header: listed(document, 'header', '').map((entry, n) => readHeader(entry, `/header/${n}`)),
  };
  check(request);
  return request;
}

/** Ids are unique, and lines that are referred to are there. */
function check(request: RequestModel): void {
  const found = new Map<string, number>();
  request.lines.forEach((line, n) => {
    if (found.has(line.id)) throw new PriceError(`/lines/${n}/id`, `${named(line.id)} is the id of an earlier line`);
    found.set(line.id, n);
  });
  request.lines.forEach((line, n) => {
    for (const name of ['bundle', 'parent'] as const) {
      const other = line[name];
      if (other !== null && (found.get(other) ?? n) >= n) {
        throw new PriceError(`/lines/${n}/${name}`, `${named(other)} is not the id of an earlier line`);
      }
    }
  });
  request.header.forEach((entry, n) => {
    const groups = [['lines', entry.lines ?? []], ['weights', entry.weights?.keys() ?? []]] as const;
    for (const [name, ids] of groups) {
      for (const other of ids) {
        if (!found.has(other)) throw new PriceError(`/header/${n}/${name}`, `${named(other)} is not the id of a line`);
      }
    }
  });
  const seen = new Set<string>();
  request.taxes.forEach((tax, n) => {
    if (seen.has(tax.id)) throw new PriceError(`/taxes/${n}/id`, `${named(tax.id)} is the id of an earlier tax`);
    seen.add(tax.id);
  });
}

/** A policy read from JSON; PriceError with a pointer that begins with `pointer`. */
export function readPolicy(value: unknown, pointer: string): PolicyModel {
  const policy = members(value, pointer, POLICY);
  const at = `${pointer}/rounding`;
  const rounding = members(policy['rounding'] === undefined ? {} : policy['rounding'], at, ROUNDING);
  const tax = members(policy['tax'] === undefined ? {} : policy['tax'], `${pointer}/tax`, TAXING);
  return {
    stacking: word(policy, 'stacking', pointer, ['compound', 'additive'], 'compound'),
    mode: word(rounding, 'mode', at, MODES, 'half_up'),
    point: word(rounding, 'point', at, ['unit', 'line', 'total'], 'line'),
    places: places(rounding, 'places', at),
    unitPlaces: places(rounding, 'unit_places', at),
    taxPer: word(tax, 'per', `${pointer}/tax`, ['line', 'unit', 'total'], 'line'),
    taxIncluded: boolean(tax, 'included', `${pointer}/tax`, false),
  };
}

function readLine(value: unknown, at: string): LineModel {
  const line = members(value, at, LINE);
  const has = (name: string) => isGiven(line[name]);
  return {
    id: identifier(line, 'id', at),
    quantity: quantity(line, 'quantity', at),
    sku: string(line, 'sku', at, ''),
    name: string(line, 'name', at, ''),
    charge: word(line, 'charge', at, CHARGES, 'one_time'),
    factor: has('factor') ? number(line, 'factor', at, ZERO, null, true) : null,
    period: has('period') ? word(line, 'period', at, PERIODS, 'month') : null,
    periods: has('periods') ? number(line, 'periods', at, ZERO) : null,
    optional: boolean(line, 'optional', at, false),
    selected: boolean(line, 'selected', at, line['optional'] !== true),
    later: boolean(line, 'later', at, false),
    bundle: has('bundle') ? identifier(line, 'bundle', at) : null,
    parent: has('parent') ? identifier(line, 'parent', at) : null,
    taxClass: string(line, 'tax_class', at, 'standard'),
    taxIncluded: has('tax_included') ? boolean(line, 'tax_included', at, false) : null,
    cost: has('cost') ? number(line, 'cost', at) : null,
    facts: readFacts(line, at),
    usage: has('usage') ? readUsage(line['usage'], `${at}/usage`) : null,
    steps: listed(line, 'steps', at).map((step, n) => readStep(step, `${at}/steps/${n}`)),
  };
}

function readUsage(value: unknown, at: string): UsageModel {
  const usage = members(value, at, USAGE);
  const units = (name: string): Exact | null => (isGiven(usage[name]) ? quantity(usage, name, at) : null);
  const several = (name: string): Exact[] | null =>
    isGiven(usage[name]) ? listed(usage, name, at).map((item, n) => figure(item, `${at}/${name}/${n}`)) : null;
  const found: UsageModel = {
    amount: isGiven(usage['amount']) ? number(usage, 'amount', at, ZERO) : null,
    quantity: units('quantity'),
    proratedQuantity: units('prorated_quantity'),
    eventCount: units('event_count'),
    events: several('events'),
    proratedEvents: several('prorated_events'),
    runningTotals: several('running_totals'),
  };
  if (found.proratedEvents !== null && found.proratedEvents.length !== found.events?.length) {
    throw new PriceError(`${at}/prorated_events`, 'there are as many prorated events as events');
  }
  return found;
}

function readTax(value: unknown, at: string): TaxModel {
  const tax = members(value, at, TAX);
  const when = isGiven(tax['when']) ? readPredicate(tax['when'], `${at}/when`) : null;
  const rate = number(tax, 'rate', at, ZERO, THOUSAND);
  return {
    id: identifier(tax, 'id', at),
    name: string(tax, 'name', at, ''),
    taxClass: string(tax, 'class', at, 'standard'),
    rate,
    when,
  };
}

function readFloor(value: unknown, at: string): FloorModel {
  const floor = members(value, at, FLOOR);
  const when = isGiven(floor['when']) ? readPredicate(floor['when'], `${at}/when`) : null;
  return {
    id: identifier(floor, 'id', at),
    minMarginPercent: number(floor, 'min_margin_percent', at, THOUSAND.negated(), HUNDRED),
    reason: string(floor, 'reason', at, ''),
    when,
    skus: words(floor, 'skus', at),
    families: words(floor, 'families', at),
  };
}

function readHeader(value: unknown, at: string): HeaderModel {
  const entry = members(value, at, HEADER);
  const kind = word(entry, 'kind', at, KINDS, '');
  const low = kind === 'amount' ? null : ZERO;
  const high = kind === 'percent' ? HUNDRED : null;
  const charge = isGiven(entry['charge']) ? word(entry, 'charge', at, CHARGES, 'one_time') : null;
  const weights = isGiven(entry['weights']) ? readWeights(entry['weights'], `${at}/weights`) : null;
  return {
    id: identifier(entry, 'id', at),
    kind,
    value: number(entry, 'value', at, low, high),
    reason: string(entry, 'reason', at, ''),
    charge,
    lines: words(entry, 'lines', at),
    weights,
    source: isGiven(entry['source']) ? (entry['source'] as Source) : null,
  };
}

function readWeights(value: unknown, at: string): ReadonlyMap<string, Exact> {
  const weights: Members = members(value, at, null);
  return new Map(Object.keys(weights).map((name) => [name, number(weights, name, at, ZERO)]));
}

function readFacts(document: Members, at: string): Facts {
  const value = document['facts'];
  if (!isGiven(value)) return NO_FACTS;
  const facts = members(value, `${at}/facts`, null);
  for (const name of Object.keys(facts)) {
    const fact = facts[name];
    if (typeof fact !== 'string' && typeof fact !== 'boolean') {
      throw new PriceError(`${at}/facts/${member(name)}`, 'a fact is a text or a boolean; numbers are written as texts');
    }
  }
  return facts as Facts;
}
