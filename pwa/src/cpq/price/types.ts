/** What is priced and what comes out. `app/cpq/price/__init__.py` specifies every member; figures are decimal strings. */

export type Phase = 'list' | 'contracted' | 'schedule' | 'proration' | 'additional' | 'partner';
export type Charge = 'one_time' | 'recurring' | 'usage';
export type Period = 'month' | 'year';
export type RoundingMode = 'half_up' | 'half_down' | 'half_even' | 'up' | 'down' | 'ceiling' | 'floor';
export type Fact = string | boolean;
export type Facts = Readonly<Record<string, Fact>>;

export type Predicate =
  | { fact: string; op: 'eq' | 'ne'; value: string | boolean }
  | { fact: string; op: 'in' | 'not_in'; value: readonly (string | boolean)[] }
  | { fact: string; op: 'lt' | 'le' | 'gt' | 'ge'; value: string }
  | { fact: string; op: 'between'; value: readonly [string, string] }
  | { all: readonly Predicate[] }
  | { any: readonly Predicate[] }
  | { not: Predicate };

export interface Tier {
  from?: string;
  upto: string | null;
  unit?: string;
  rate?: string;
  flat?: string;
}

interface Tiered {
  tiers: readonly Tier[];
  bounds?: 'whole' | 'continuous';
  flat_at_zero?: boolean;
}

export type Adjustment =
  | { type: 'per_unit'; amount: string }
  | ({ type: 'graduated' } & Tiered)
  | ({ type: 'volume' } & Tiered)
  | ({ type: 'graduated_percentage' } & Tiered)
  | { type: 'package'; size: string; amount: string; free?: string }
  | { type: 'percentage'; rate: string; fixed?: string; free_events?: string; free_amount?: string; min?: string; max?: string }
  | { type: 'flat_fee'; amount: string; flat_at_zero?: boolean }
  | { type: 'percent_discount'; percent: string }
  | { type: 'amount_discount'; amount: string; used?: string }
  | { type: 'fixed_price'; amount: string }
  | { type: 'markup'; percent: string }
  | { type: 'surcharge'; amount: string }
  | { type: 'surcharge'; percent: string }
  | { type: 'floor' | 'cap'; amount: string; above?: 'list' }
  | { type: 'proration'; numerator: string; denominator: string };

export interface Source {
  type: string;
  id: string;
  name?: string;
}

export interface Step {
  id: string;
  phase: Phase;
  scope: 'unit' | 'line';
  when?: Predicate;
  adjustment: Adjustment;
  rounding?: { mode?: RoundingMode; places: number } | { mode?: RoundingMode; to: string };
  reason: string;
  source?: Source;
}

export interface Policy {
  stacking?: 'compound' | 'additive';
  rounding?: { mode?: RoundingMode; point?: 'unit' | 'line' | 'total'; places?: number; unit_places?: number };
  tax?: { per?: 'line' | 'unit' | 'total'; included?: boolean };
}

export interface Tax {
  id: string;
  name: string;
  class: string;
  rate: string;
  when?: Predicate;
}

export interface Floor {
  id: string;
  min_margin_percent: string;
  reason: string;
  when?: Predicate;
  skus?: readonly string[];
  families?: readonly string[];
}

export interface Header {
  id: string;
  kind: 'percent' | 'amount' | 'fixed_total';
  value: string;
  reason: string;
  charge?: Charge;
  lines?: readonly string[];
  weights?: Readonly<Record<string, string>>;
  source?: Source;
}

export interface Usage {
  quantity?: string;
  prorated_quantity?: string;
  amount?: string;
  event_count?: string;
  events?: readonly string[];
  prorated_events?: readonly string[];
  running_totals?: readonly string[];
}

export interface Line {
  id: string;
  sku?: string;
  name?: string;
  charge?: Charge;
  quantity: string;
  factor?: string;
  period?: Period;
  periods?: string;
  optional?: boolean;
  selected?: boolean;
  later?: boolean;
  bundle?: string;
  parent?: string;
  tax_class?: string;
  tax_included?: boolean;
  cost?: string;
  facts?: Facts;
  usage?: Usage;
  steps?: readonly Step[];
}

export interface PriceRequest {
  currency: string;
  on?: string;
  policy?: Policy;
  facts?: Facts;
  steps?: readonly Step[];
  taxes?: readonly Tax[];
  floors?: readonly Floor[];
  header?: readonly Header[];
  lines: readonly Line[];
}

export interface WaterfallRow {
  step: string;
  phase: Phase | 'rounding' | 'header' | 'tax';
  label: string;
  amount: string;
  running: string;
  detail?: Record<string, string>[];
  source?: Source;
}

export interface TaxAmount {
  id: string;
  name: string;
  rate: string;
  base: string;
  amount: string;
}

export interface Sum {
  net: string;
  tax: string;
  gross: string;
}

export interface PricedLine {
  id: string;
  included: boolean;
  list: string;
  regular: string;
  customer: string;
  partner: string;
  net: string;
  tax: string;
  gross: string;
  list_net: string;
  discount: string;
  discount_percent: string;
  unit_list: string;
  unit_net: string;
  waterfall: WaterfallRow[];
  taxes: TaxAmount[];
  cost?: string;
  margin_percent?: string;
  bundle?: Sum;
}

export interface HeaderResult {
  id: string;
  label: string;
  amount: string;
  parts: { line: string; amount: string }[];
}

export interface Totals {
  one_time: Sum;
  recurring: Partial<Record<Period, Sum>>;
  usage: Partial<Record<Period, Sum>>;
  net: string;
  tax: string;
  gross: string;
  list: string;
  list_net: string;
  discount: string;
  discount_percent: string;
  tcv: string;
  acv: string;
  mrr: string;
  cost?: string;
  margin_percent?: string;
}

export interface FloorViolation {
  id: string;
  line: string;
  reason: string;
  minimum: string;
  margin?: string;
}

export interface PriceResult {
  currency: string;
  lines: PricedLine[];
  header: HeaderResult[];
  taxes: TaxAmount[];
  totals: Totals;
  floors: FloorViolation[];
}
