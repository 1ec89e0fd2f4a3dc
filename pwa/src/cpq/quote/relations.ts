/** What is worth a look before a quote is sent: relations between its products, bundles, and taxes that are missing. */

import type { Assembly } from './assembly.ts';
import { byCodePoint } from './canonical.ts';
import type { Deal } from './deal.ts';
import { taken } from './lines.ts';
import type { Finding, QuoteLine } from './types.ts';

/** Findings line by line; then taxes that the catalogue does not know for the region. */
export function findingsOf(deal: Deal, assembly: Assembly): Finding[] {
  const lines = deal.content.lines.filter((line) => taken(deal, line));
  const here = new Set(lines.map((line) => line.sku));
  const members = new Map<string, Set<string>>();
  for (const line of lines) {
    const whole = line.bundle ?? '';
    members.set(whole, (members.get(whole) ?? new Set()).add(line.sku));
  }
  return [...lines.flatMap((line) => ofProduct(deal, line, members.get(line.id) ?? new Set(), here)), ...untaxed(deal, assembly)];
}

function ofProduct(deal: Deal, line: QuoteLine, members: Set<string>, here: Set<string>): Finding[] {
  const product = deal.products.get(line.sku)!;
  const name = (sku: string): string => deal.products.get(sku)?.name ?? sku;
  const found = (kind: Finding['kind'], skus: string[] | undefined, text: (other: string) => string): Finding[] =>
    (skus ?? []).map((sku) => ({ kind, text: text(name(sku)), line: line.id, sku }));
  const missing = product.bundle?.filter((part) => !part.optional && !members.has(part.sku)).map((part) => part.sku);
  const absent = (skus?: string[]) => skus?.filter((sku) => !here.has(sku));
  return [
    ...found('requires', absent(product.requires), (other) => `${product.name} needs ${other}.`),
    ...found(
      'excludes',
      product.excludes?.filter((sku) => here.has(sku)),
      (other) => `${product.name} does not go with ${other}.`,
    ),
    ...found('bundle', missing, (other) => `${product.name} comes with ${other}, which is not here.`),
    ...found('suggests', absent(product.suggests), (other) => `${other} goes well with ${product.name}.`),
  ];
}

function untaxed(deal: Deal, assembly: Assembly): Finding[] {
  const known = new Set(assembly.request.taxes?.map((tax) => tax.class));
  const missing = [...new Set(assembly.request.lines.map((line) => line.tax_class!))].filter((name) => !known.has(name));
  return missing.sort(byCodePoint).map((name) => ({
    kind: 'tax',
    text: `No tax is known for ${name} in ${deal.content.region}: these lines have none.`,
  }));
}
