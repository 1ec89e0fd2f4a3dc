/** Which rules of the catalogue are at fault: a minimal set that the answer of no solver can change. */
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
 * Null where all rules together leave one; empty where the structure alone leaves none (a feature with two values).
 */
export function rulesAtFault(model: Model, forbidden: readonly number[]): string[] | null {
  const { rules, header: { variables } } = model;
  const solver = switchable(model);
  const found: number[] = [];
  const leavesNone = (prefix: number): boolean => {
    const on = [...found, ...Array.from({ length: prefix }, (_, at) => at + 1)];
    return !solver.solve([...forbidden.map((literal) => -literal), ...on.map((rule) => variables + rule)]);
  };
  if (!leavesNone(rules.length)) return null;
  for (let end = rules.length; !leavesNone(0); ) {
    let enough = end; // with so many rules there is no solution, with `few` there is
    for (let few = 0; enough - few > 1; ) {
      const middle = (few + enough) >> 1;
      if (leavesNone(middle)) enough = middle;
      else few = middle;
    }
    found.push(enough);
    end = enough;
  }
  return found.sort((a, b) => a - b).map((rule) => rules[rule - 1]?.id as string);
}
