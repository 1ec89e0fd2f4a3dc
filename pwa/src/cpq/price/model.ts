/** A request after reading: figures are decimals, and what is not given has its default. */
import type { Exact } from './decimals.ts';
import type { Charge, Facts, Period, Phase, RoundingMode, Source } from './types.ts';

export const PHASES: readonly Phase[] = ['list', 'contracted', 'schedule', 'proration', 'additional', 'partner'];
export const MODES: readonly RoundingMode[] = ['half_up', 'half_down', 'half_even', 'up', 'down', 'ceiling', 'floor'];

export type Bound = Exact | string;
export type Test =
  | { kind: 'equal'; fact: string; negated: boolean; values: readonly (string | boolean)[] }
  | { kind: 'order'; fact: string; op: 'lt' | 'le' | 'gt' | 'ge'; value: Bound }
  | { kind: 'between'; fact: string; low: Bound; high: Bound };
export type Condition = Test | { kind: 'all' | 'any'; parts: readonly Condition[] } | { kind: 'not'; part: Condition };

export interface TierModel {
  upto: Exact | null;
  price: Exact;
  flat: Exact;
}

export interface AdjustmentModel {
  type: string;
  given: Readonly<Record<string, Exact>>;
  tiers: readonly TierModel[];
  flatAtZero: boolean;
  aboveList: boolean;
}

export interface StepModel {
  id: string;
  phase: Phase;
  scope: 'unit' | 'line';
  adjustment: AdjustmentModel;
  reason: string;
  when: Condition | null;
  rounding: { mode: RoundingMode; places: number | null; to: Exact | null } | null;
  source: Source | null;
}

export interface PolicyModel {
  stacking: 'compound' | 'additive';
  mode: RoundingMode;
  point: 'unit' | 'line' | 'total';
  places: number | null;
  unitPlaces: number | null;
  taxPer: 'line' | 'unit' | 'total';
  taxIncluded: boolean;
}

export interface TaxModel {
  id: string;
  name: string;
  taxClass: string;
  rate: Exact;
  when: Condition | null;
}

export interface FloorModel {
  id: string;
  minMarginPercent: Exact;
  reason: string;
  when: Condition | null;
  skus: ReadonlySet<string> | null;
  families: ReadonlySet<string> | null;
}

export interface HeaderModel {
  id: string;
  kind: 'percent' | 'amount' | 'fixed_total';
  value: Exact;
  reason: string;
  charge: Charge | null;
  lines: ReadonlySet<string> | null;
  weights: ReadonlyMap<string, Exact> | null;
  source: Source | null;
}

export interface UsageModel {
  quantity: Exact | null;
  proratedQuantity: Exact | null;
  amount: Exact | null;
  eventCount: Exact | null;
  events: readonly Exact[] | null;
  proratedEvents: readonly Exact[] | null;
  runningTotals: readonly Exact[] | null;
}

export interface LineModel {
  id: string;
  quantity: Exact;
  sku: string;
  name: string;
  charge: Charge;
  factor: Exact | null;
  period: Period | null;
  periods: Exact | null;
  optional: boolean;
  selected: boolean;
  later: boolean;
  bundle: string | null;
  parent: string | null;
  taxClass: string;
  taxIncluded: boolean | null;
  cost: Exact | null;
  facts: Facts;
  usage: UsageModel | null;
  steps: readonly StepModel[];
}

export interface RequestModel {
  currency: string;
  on: string;
  policy: PolicyModel;
  facts: Facts;
  steps: readonly StepModel[];
  taxes: readonly TaxModel[];
  floors: readonly FloorModel[];
  header: readonly HeaderModel[];
  lines: readonly LineModel[];
}
