/** Which rules of the catalogue are at fault: a minimal set that the answer of no solver can change. */
import { Limit, OutOfTime } from './limit';
import type { Model } from './model';
import { Solver } from './solver';

const solvers = new WeakMap<Model, Solver>();

/** All clauses, those of rule i only while variable `variables + i` holds. */
function switchable(model: Model): Solver {
  const known = solvers.get(model);
  if (known) return known;
  const { header: { variables }, rules, clauses: { start, literals, rule } } = model;
  const solver = new Solver(variables + rules.length);
  for (let at = 0; at < rule.length; at += 1) {
    const own = rule[at] as number;
    const clause = literals.subarray(start[at], start[at + 1]);
    solver.add(own > 0 ? [...clause, -(variables + own)] : clause);
  }
  solvers.set(model, solver);
  return solver;
}

/**
 * Ids of rules that leave no solution when these literals may not hold; without any one of them there would be one. The earlier
 * rules are preferred: the smallest prefix of the rules that leaves none gives the next one.
 * Null where all rules together leave one; empty where the structure alone leaves none (a feature with two values). At the limit
 * rules may be named that could be left out; none is where it is not even known whether they leave one.
 */
export function rulesAtFault(model: Model, forbidden: readonly number[], limit = new Limit()): string[] | null {
  const { rules, header: { variables } } = model;
  const solver = switchable(model);
  const found: number[] = [];
  const leavesNone = (prefix: number): boolean => {
    const on = [...found, ...Array.from({ length: prefix }, (_, at) => at + 1)];
    return !solver.solve([...forbidden.map((literal) => -literal), ...on.map((rule) => variables + rule)], [], limit);
  };
  let enough: readonly number[] = [];
  try {
    if (!leavesNone(rules.length)) return null;
    enough = solver.core.map((literal) => literal - variables).filter((rule) => rule > 0);
    enough = smallest(leavesNone, found, rules.length);
  } catch (error) {
    if (!(error instanceof OutOfTime)) throw error;
  }
  return [...enough].sort((a, b) => a - b).map((rule) => rules[rule - 1]?.id as string);
}

/** Fills `found` so that these rules leave none, and none of them can be left out. */
function smallest(leavesNone: (prefix: number) => boolean, found: number[], all: number): number[] {
  for (let end = all; !leavesNone(0); ) {
    let enough = end; // with so many rules there is no solution, with `few` there is
    for (let few = 0; enough - few > 1; ) {
      const middle = (few + enough) >> 1;
      if (leavesNone(middle)) enough = middle;
      else few = middle;
    }
    found.push(enough);
    end = enough;
  }
  return found;
}
