/** The shapes of a catalogue and of a quote. Amounts are decimal strings, dates ISO days without a time zone. */

export type Amounts = Record<string, string>;
export type Data = Record<string, unknown>;

/** The normalised catalogue document: what `GET /catalogs/{id}/content` answers as `document`. */
export interface CatalogueDocument {
  format: number;
  id: string;
  version: string;
  name: string;
  valid_from?: string;
  valid_to?: string | null;
  products: Product[];
  price_books?: PriceBook[];
  price_steps?: StepData[];
  policy?: Data;
  taxes?: TaxData[];
  terms?: TermData[];
  clauses?: ClauseData[];
  authority?: { role: string; max_discount_percent: string }[];
  floors?: FloorData[];
  approvals?: { id: string; when: Data; role: string; reason: string }[];
}
export interface Product {
  sku: string;
  name: string;
  kind?: 'device' | 'subscription' | 'service' | 'part';
  family?: string;
  description?: string;
  tax_class?: string;
  groups?: { id: string; name: string }[];
  features?: Feature[];
  rules?: ({ id: string; text: string } & Data)[];
  budgets?: ({ id: string; name: string; unit?: string } & Data)[];
  guide?: ({ id: string; ask: string; type: string } & Data)[];
  bundle?: BundleMember[];
  requires?: string[];
  excludes?: string[];
  suggests?: string[];
}
export interface Feature {
  id: string;
  name?: string;
  group?: string;
  help?: string;
  type: 'choice' | 'boolean' | 'integer';
  default?: string;
  values?: { id: string; name?: string; help?: string; attributes?: Amounts; picture?: string }[];
  min?: number | string;
  max?: number | string;
  step?: number | string;
  unit?: string;
  attributes?: Amounts;
  attributes_each?: Amounts;
}
export interface BundleMember {
  sku: string;
  quantity?: string;
  optional?: boolean;
  selected?: boolean;
}
/** A price of each chosen value, or of each step of an integer feature above what is included. */
export type OptionPrices = Record<string, Record<string, string | number>>;
export interface Entry {
  sku: string;
  charge: 'one_time' | 'recurring' | 'usage';
  amount?: string;
  adjustment?: Data;
  period?: 'month' | 'year';
  unit?: string;
  expected?: string;
  cost?: string;
  options?: OptionPrices;
  option_costs?: OptionPrices;
}
export interface PriceBook {
  id: string;
  name?: string;
  currency: string;
  regions?: string[];
  valid_from?: string;
  valid_to?: string | null;
  entries: Entry[];
}
/** A price step as the catalogue or an agreement has it; an amount may be one per currency. */
export interface StepData {
  id: string;
  phase?: string;
  scope?: 'unit' | 'line';
  when?: Data | null;
  adjustment: Data;
  rounding?: Data | null;
  reason?: string;
}
export interface TaxData {
  id: string;
  name?: string;
  region: string;
  class?: string;
  rate: string;
  valid_from?: string | null;
  valid_to?: string | null;
}
export interface TermData {
  id: string;
  name?: string;
  applies_to?: string[];
  months: number | string;
  notice_months?: number | string;
  leave?: LeaveData;
  step?: Partial<StepData> & { adjustment: Data };
}
export interface LeaveData {
  type: 'none' | 'months' | 'percent' | 'amount';
  count?: number | string;
  percent?: string;
  amount?: string | Amounts;
}
export interface ClauseData {
  id: string;
  title: string;
  text: string;
  applies_to?: string[];
  service_level?: Amounts;
  credit?: Amounts;
  price?: { adjustment: Data };
}
export interface FloorData {
  id: string;
  families?: string[];
  skus?: string[];
  min_margin_percent: string;
  reason?: string;
}

export type Change = 'new' | 'add' | 'reduce' | 'renew' | 'end';
export interface LineDiscount {
  kind: 'percent' | 'amount' | 'fixed_price';
  value: string;
  reason: string;
}
export interface HeaderDiscount {
  id: string;
  kind: 'percent' | 'amount' | 'fixed_total';
  value: string;
  reason: string;
}
/** From `from_month` (0 = the start) until the next part: another quantity, another discount, or both. */
export interface RampPart {
  from_month: number;
  quantity?: string;
  discount_percent?: string;
}
/** What was paid for the running period: `amount` for `quantity` pieces, first and last day. */
export interface Paid {
  amount: string;
  from: string;
  to: string;
  quantity: string;
}
export interface Amends {
  subscription_id: string;
  change: 'add' | 'reduce' | 'renew' | 'end';
  paid?: Paid;
}
export interface QuoteLine {
  id: string;
  sku: string;
  quantity: string;
  choices?: { feature: string; value: string }[];
  configuration?: Record<string, string>;
  term?: string;
  clauses?: string[];
  optional?: boolean;
  selected?: boolean;
  bundle?: string;
  /** What the customer may change: `quantity`, `term`, `selected`, `feature:<id>`. */
  open?: string[];
  discount?: LineDiscount;
  starts_on?: string;
  ends_on?: string;
  ramp?: RampPart[];
  amends?: Amends;
  /** Usage for one period of the whole line. */
  usage?: { quantity?: string; amount?: string };
  notes?: string;
}
export interface QuoteContent {
  catalogue: string;
  catalogue_version: string;
  price_book: string;
  currency: string;
  region: string;
  on: string;
  lines: QuoteLine[];
  discounts?: HeaderDiscount[];
  clauses?: string[];
  notes?: string;
}
export interface Agreement {
  id: string;
  number: string;
  name: string;
  valid_from: string;
  valid_to?: string | null;
  steps: StepData[];
}
/** A subscription the customer has; `price` is for the whole term. */
export interface RunningSubscription {
  id: string;
  sku: string;
  quantity: string | number;
  starts_on: string;
  ends_on?: string | null;
  term_months?: number | null;
  price?: { amount: string; currency: string } | null;
}
export interface Context {
  role: string;
  facts: Record<string, string | boolean>;
  agreements?: Agreement[];
  subscriptions?: RunningSubscription[];
}

export interface Approval {
  rule: string;
  role: string;
  reason: string;
  line?: string;
}
/** Something worth a look; `requires` and `excludes` stop a quote from being sent. */
export interface Finding {
  kind: 'requires' | 'excludes' | 'suggests' | 'bundle' | 'tax';
  text: string;
  line?: string;
  sku?: string;
}
/** Leaving after `month` months: what was paid until then, what leaving costs, and both together. */
export interface LeaveAt {
  month: number;
  paid: string;
  leave: string;
  total: string;
}
export interface LeaveRule {
  type: 'none' | 'months' | 'percent' | 'amount';
  value?: string;
  text: string;
}
export interface TermChoice {
  term: string;
  name: string;
  months: number;
  monthly: string;
  total: string;
  leave: LeaveRule;
  at: LeaveAt[];
}
export interface LineTerm extends TermChoice {
  line: string;
  notice_months: number;
  yearly: string;
  compared: TermChoice[];
}
export interface QuoteClause {
  id: string;
  title: string;
  text: string;
  line?: string;
  amount?: string;
  service_level?: Amounts;
  credit?: Amounts;
}
