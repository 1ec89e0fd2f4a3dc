/** What the configuration engine speaks in: choices in the order made, domains, explanations, objectives. The twin of `app/cpq/model.py`. */

/** What was chosen of a feature: normally one value; several when it was narrowed. A later choice of the same feature replaces. */
export interface Choice {
  readonly feature: string;
  readonly values: readonly string[];
}

export interface Value {
  readonly id: string;
  readonly name: string;
}

export interface Feature {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly group?: string;
  readonly default?: string;
  readonly values: readonly Value[];
  /** One signed literal a value: variable of its own, or −v and +v of a boolean. */
  readonly literals: readonly number[];
}

export interface Rule {
  readonly id: string;
  readonly text: string;
}

/** A conditional default: when every clause of `if` holds, `set` is preferred. Never excludes anything. */
export interface ConditionalDefault {
  readonly rule: string;
  readonly if: readonly (readonly number[])[];
  readonly set: readonly number[];
}

/** An additive limit. Weights and limits are integers: value · 10^scale. */
export interface Budget {
  readonly id: string;
  readonly name: string;
  readonly unit: string;
  readonly scale: number;
  readonly base: number;
  readonly max?: number;
  readonly min?: number;
  readonly weights: readonly (readonly [literal: number, weight: number])[];
  /** Where a feature gives the limit: its values carry it as negative weights and the bound is 0; here for people to read. */
  readonly limit_of?: Readonly<Partial<Record<'max' | 'min', { readonly feature: string; readonly values: Readonly<Record<string, number>> }>>>;
}

export type EngineName = 'diagram' | 'sat';

export interface Header {
  readonly format: number;
  readonly catalogue: { readonly id: string; readonly version: string; readonly hash: string };
  readonly product: string;
  readonly name: string;
  readonly engine: EngineName;
  /** Number of variables, 1-based, those that stand for values first. */
  readonly variables: number;
  readonly public: number;
  /** The variable of every level, the top one first; empty where SAT serves the model. */
  readonly order: readonly number[];
  readonly solutions: string | null;
  readonly features: readonly Feature[];
  readonly rules: readonly Rule[];
  readonly defaults: readonly ConditionalDefault[];
  readonly budgets: readonly Budget[];
}

export interface FeatureDomain {
  readonly feature: string;
  /** Values that some configuration has which keeps the choices, not counting a single one of this feature. */
  readonly valid: readonly string[];
  readonly chosen?: readonly string[];
  /** The only value left, where none was chosen. */
  readonly forced?: string;
}

export interface Domains {
  readonly engine: EngineName;
  readonly features: readonly FeatureDomain[];
  /** The choices have a valid configuration. */
  readonly consistent: boolean;
  /** One value is left of every feature. */
  readonly complete: boolean;
  /** Configurations of the rules that keep the choices, budgets not counted; null by SAT. Counted when first asked for. */
  readonly ways: bigint | null;
  /** No configuration so counted breaks a budget. Found out when first asked for. */
  readonly waysExact: boolean;
  /** Features whose choices contradict the others and are left out of account. */
  readonly conflicts: readonly string[];
  /** Values shown as valid because the search for a configuration was ended. */
  readonly unproven: readonly { readonly feature: string; readonly value: string }[];
}

export interface BudgetRange {
  readonly id: string;
  readonly unit: string;
  /** Least and greatest use over what the rules leave; null where there is no configuration. */
  readonly min: string | null;
  readonly max: string | null;
  /** The greatest maximum that is still possible; null where there is none. */
  readonly limit: string | null;
  /** The least minimum; absent where there is none. */
  readonly atLeast?: string;
  /** By SAT with too little time: no use is less than `min` or greater than `max`. */
  readonly unproven?: true;
}

export interface BudgetExcess {
  readonly id: string;
  readonly by: string;
}

export interface Explanation {
  /** The fewest choices to give up. */
  readonly giveUp: readonly Choice[];
  /** The search was ended: perhaps fewer would do. */
  readonly unproven?: true;
  /** Ids of rules at fault: without any one of them they would not exclude the value. */
  readonly rules: readonly string[];
  readonly budgets: readonly BudgetExcess[];
}

export interface Taken {
  readonly choices: readonly Choice[];
  readonly givenUp: readonly Choice[];
  /** The search was ended: perhaps giving up fewer would do. */
  readonly unproven?: true;
}

export type Configuration = Readonly<Record<string, string>>;

export interface Completion {
  readonly configuration: Configuration;
  /** Nothing is better; else it is the best that was found before the search was ended. */
  readonly proven: boolean;
}

export type Objective =
  /** Minor units by feature and value; absent is nothing. */
  | { readonly kind: 'cheapest'; readonly prices: Readonly<Record<string, Readonly<Record<string, number>>>> }
  | { readonly kind: 'lightest'; readonly budget: string }
  | { readonly kind: 'nearest'; readonly to: Configuration }
  | { readonly kind: 'usual' };

export interface Difference {
  readonly feature: string;
  readonly a: string | null;
  readonly b: string | null;
}

/** The body of `/configurations:evaluate`. */
export interface Evaluation {
  engine: EngineName;
  consistent: boolean;
  complete: boolean;
  ways: string | null;
  ways_exact: boolean;
  features: Record<string, { valid: string[]; chosen?: string | string[]; forced?: string }>;
  budgets: Record<string, { min: string | null; max: string | null; limit: string | null; unit: string; at_least?: string; unproven?: true }>;
  conflicts?: string[];
  unproven?: Record<string, string[]>;
}
