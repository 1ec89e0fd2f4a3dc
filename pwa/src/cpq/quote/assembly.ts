/** The whole price request of a quote, and which price line stands for what; see `app/cpq/quote_assembly.py`. */

import { PriceError, price } from '../price/index.ts';
import type { Floor, Header, Line, Policy, PriceRequest, PriceResult, Tax } from '../price/types.ts';
import { type Deal, changeOf, named, valid } from './deal.ts';
import { QuoteError } from './errors.ts';
import { type Decimal, ZERO, number, plain } from './figures.ts';
import { linesOf, taken } from './lines.ts';
import type { Part } from './parts.ts';
import { sharedSteps } from './steps.ts';
import type { FloorData } from './types.ts';

/** A price request with its trace: for each price line the quote line's id and the part. */
export interface Assembly {
  request: PriceRequest & { facts: Record<string, string | boolean> };
  trace: [string, Part][];
}

const HEADER_KINDS = ['percent', 'amount', 'fixed_total'];

/** The request of a quote, line by line in the order of the quote. */
export function assembled(deal: Deal): Assembly {
  const lines: Line[] = [];
  const trace: [string, Part][] = [];
  deal.content.lines.forEach((line, index) => {
    for (const [made, part] of linesOf(deal, line, index)) {
      lines.push(made);
      trace.push([line.id, part]);
    }
  });
  checkGivenUp(deal);
  const request = { ...frame(deal), taxes: taxesOf(deal), floors: floorsOf(deal), header: headerOf(deal, lines), lines };
  return { request, trace };
}

/** What the lines of a quote give up of one subscription is never more than what is running. */
function checkGivenUp(deal: Deal): void {
  const given = new Map<string, Decimal>();
  deal.content.lines.forEach((line, i) => {
    if (!['reduce', 'end'].includes(changeOf(line)) || !taken(deal, line)) return;
    const name = line.amends!.subscription_id;
    const all = (given.get(name) ?? ZERO).add(number(line.quantity, ''));
    const running = number(deal.subscriptions.get(name)!.quantity, '');
    if (all.gt(running)) {
      const words = `only ${plain(running)} are running, and other lines of the quote give up some of them`;
      throw new QuoteError(`/lines/${i}/quantity`, words);
    }
    given.set(name, all);
  });
}

/** What every request about this deal has: currency, day, policy, facts and shared steps. */
export function frame(deal: Deal) {
  const { currency, region, on } = deal.content;
  return {
    currency,
    on,
    policy: (deal.catalogue.policy ?? {}) as Policy,
    facts: { ...deal.context.facts, currency, region, on, role: deal.context.role },
    steps: sharedSteps(deal),
  };
}

/** The taxes of the customer's region on the day. */
const taxesOf = (deal: Deal): Tax[] =>
  (deal.catalogue.taxes ?? [])
    .filter((tax) => tax.region === deal.content.region && valid(tax, deal.on))
    .map((tax) => ({ id: tax.id, name: named(tax), class: tax.class || 'standard', rate: tax.rate }));

function floorsOf(deal: Deal): Floor[] {
  const names = ['id', 'families', 'skus', 'min_margin_percent', 'reason'] as const;
  const kept = (floor: FloorData) =>
    Object.fromEntries(names.filter((name) => (floor[name] ?? null) !== null).map((name) => [name, floor[name]]));
  return (deal.catalogue.floors ?? []).map(kept) as unknown as Floor[];
}

/** Discounts on the whole; an amount is off what the first period costs, a percentage off every part of a ramp. */
function headerOf(deal: Deal, lines: Line[]): Header[] {
  const first = lines.filter((line) => !line.later).map((line) => line.id);
  return (deal.content.discounts ?? []).map((given, i) => {
    if (!HEADER_KINDS.includes(given.kind))
      throw new QuoteError(`/discounts/${i}/kind`, `is one of ${HEADER_KINDS.join(', ')}`);
    const reason = given.reason || 'Discount on the whole quote';
    const source = { type: 'discount', id: given.id, name: reason };
    const made: Header = { id: given.id, kind: given.kind, value: given.value, reason, source };
    return given.kind !== 'percent' && first.length < lines.length ? { ...made, lines: first } : made;
  });
}

/** The engine's answer; what it refuses is told at its place in the quote. */
export function priced(deal: Deal, assembly: Assembly): PriceResult {
  try {
    return price(assembly.request);
  } catch (error) {
    if (!(error instanceof PriceError)) throw error;
    const shared = /^\/steps\/(\d+)/.exec(error.pointer);
    const words = shared ? `step "${assembly.request.steps![Number(shared[1])]!.reason}": ${error.detail}` : error.detail;
    throw new QuoteError(placeOf(deal, assembly, error.pointer), words);
  }
}

function placeOf(deal: Deal, assembly: Assembly, pointer: string): string {
  const header = /^\/header\/(\d+)(\/(?:kind|value))?/.exec(pointer);
  if (header) return `/discounts/${header[1]}${header[2] ?? ''}`;
  const found = /^\/lines\/(\d+)(?:\/(quantity|usage)|\/steps\/(\d+))?/.exec(pointer);
  if (!found) return ['/currency', '/on'].includes(pointer) ? pointer : '';
  const at = Number(found[1]);
  const place = `/lines/${deal.lines.get(assembly.trace[at]![0])}`;
  if (found[2]) return `${place}/${found[2]}`;
  const name = found[3] === undefined ? '' : assembly.request.lines[at]!.steps?.[Number(found[3])]?.id;
  return name === 'discount' || name === 'ramp' ? `${place}/${name}` : place;
}
