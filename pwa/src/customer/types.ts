/** An offer as the server tells it (`/api/v1/offers/{token}`). Amounts are decimal strings, days are ISO days. */
export interface Step {
  step: string;
  label: string;
  reason?: string;
  amount: string;
  running: string;
  source?: { type?: string; name?: string };
  /** of a price by tiers, each tier in words */
  tiers: string[];
}

export interface Tax {
  id: string;
  name: string;
  rate: string;
  base: string;
  amount: string;
}

/** One price of a line: a line may have one due once and one due every month. Amounts are of one period. */
export interface Part {
  id: string;
  name?: string;
  charge?: 'one_time' | 'recurring' | 'usage';
  period?: string;
  periods?: string;
  quantity?: string;
  net: string;
  tax: string;
  gross: string;
  unit_net?: string;
  waterfall: Step[];
  taxes?: Tax[];
}

export interface Leave {
  type: string;
  text: string;
}

export interface TermChoice {
  term: string;
  name: string;
  months: number;
  monthly: string;
  total: string;
  leave: Leave;
}

export interface LineTerm extends TermChoice {
  notice_months: number;
  at: { month: number; paid: string; leave: string; total: string }[];
  compared: TermChoice[];
}

export interface Line {
  id: string;
  sku: string;
  name: string;
  description: string;
  quantity: string;
  optional: boolean;
  selected: boolean;
  /** the set that it is part of */
  bundle: string | null;
  notes: string;
  configuration: { name: string; features: { id: string; name: string; text: string; value: string }[] }[];
  budgets: { id: string; name: string; unit: string; used: string; limit?: string; percent?: number }[];
  parts: Part[];
  term: LineTerm | null;
}

export interface Sum {
  net: string;
  tax: string;
  gross: string;
}

export interface Clause {
  id: string;
  title: string;
  text: string;
  line?: string;
  amount?: string;
  promise: string;
}

export interface Acceptance {
  name: string;
  date: string;
  accepted_at: string;
  version: number;
  hash: string;
}

export interface Document {
  number: string;
  version: number;
  hash: string;
  title: string;
  issued_on: string;
  valid_until: string;
  notes: string;
  seller: { name: string };
  author: { name?: string; email?: string };
  customer: { name?: string; person?: string; address?: string };
  currency: string;
  lines: Line[];
  header: { id: string; label: string; amount: string; parts: { line: string; amount: string }[] }[];
  taxes: Tax[];
  totals: { one_time?: Sum; recurring?: Record<string, Sum>; usage?: Record<string, Sum>; net: string; tax: string; gross: string; tcv?: string };
  clauses: Clause[];
  acceptance: Acceptance | null;
}

export interface OptionValue {
  id: string;
  name: string;
  status: 'chosen' | 'free' | 'swap' | 'never';
  why?: string[];
  swaps?: { feature: string; before: string; after: string }[];
}

export interface Controls {
  quantity: boolean;
  selected: boolean;
  terms: TermChoice[];
  features: { id: string; name: string; help: string; values: OptionValue[] }[];
}

/** By how much a sum moves; `period` null of what is due once. */
export interface Move {
  charge: 'one_time' | 'recurring' | 'usage';
  period: string | null;
  net: string;
}

/** What a value that is open would move; `confirm`: the seller would have to look at it first. */
export interface ValuePrice {
  value: string;
  moves: Move[];
  confirm: boolean;
}

export interface Prices {
  digest: string;
  values: ValuePrice[];
}

export interface Question {
  id: string;
  line: string | null;
  text: string;
  asked_at: string;
  answer: string | null;
  answered_at: string | null;
  author: string | null;
}

export interface Offer {
  document: Document;
  digest: string;
  state: 'open' | 'accepted' | 'declined';
  newer: boolean;
  controls: Record<string, Controls>;
  questions: Question[];
  tells_views: boolean;
  swaps: { line: string; feature: string; before: string; after: string }[];
  reasons: string[];
}

/** One change within what the seller left open. */
export type Change = { line: string } & (
  | { quantity: string }
  | { term: string }
  | { selected: boolean }
  | { feature: string; value: string }
);
