/** What the world knows of a quote, from the rows on this phone: the same that the server will look up when it prices again. */
import type { Context, RunningSubscription } from '../cpq/quote';
import type { Account, Agreement, Subscription } from '../store/rows';

export interface Around {
  account: Account | undefined;
  agreements: readonly Agreement[];
  subscriptions: readonly Subscription[];
  /** of the quote's author */
  role: string;
}

export function contextOf({ account, agreements, subscriptions, role }: Around): Context {
  return {
    role,
    facts: customerFacts(account),
    agreements: [...agreements].sort((a, b) => order(a.number, b.number) || order(a.id, b.id)).map(({ id, number, name, valid_from = '', valid_to, steps }) => ({
      id, number, name, valid_from, ...(valid_to ? { valid_to } : {}), steps: steps as never,
    })),
    subscriptions: [...subscriptions].sort((a, b) => order(a.id, b.id)).flatMap((one) => running(one) ?? []),
  };
}

/** As the server's database sorts. */
const order = (a: string, b: string): number => (a < b ? -1 : Number(a > b));

/** Facts that price steps and approval rules may ask for. */
function customerFacts(account: Account | undefined): Record<string, string | boolean> {
  const facts: Record<string, string | boolean> = {};
  const { country, region } = account?.address ?? {};
  if (account?.industry) facts['customer.segment'] = account.industry;
  if (account?.status) facts['customer.status'] = account.status;
  if (country) facts['customer.country'] = country;
  if (region) facts['customer.region'] = region;
  return facts;
}

/** A subscription as the engine reads it; those without a product's number or a beginning cannot be amended. */
export function running(one: Subscription): RunningSubscription | null {
  const { id, sku, quantity = 1, starts_on, ends_on, term_months, price } = one;
  if (!sku || !starts_on || one.status === 'cancelled') return null;
  return {
    id, sku, quantity, starts_on, ...(ends_on ? { ends_on } : {}), ...(term_months ? { term_months } : {}), ...(price ? { price } : {}),
  };
}
