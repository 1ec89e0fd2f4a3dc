import { describe, expect, it } from 'vitest';
import { Solver } from '../src/cpq/config/solver';
import { randomOf } from './support/random';

const satisfied = (clauses: readonly number[][], holds: (literal: number) => boolean) => clauses.every((clause) => clause.some(holds));

function bruteForce(variables: number, clauses: readonly number[][]): boolean {
  for (let bits = 0; bits < 2 ** variables; bits += 1) {
    if (satisfied(clauses, (literal) => (((bits >> (Math.abs(literal) - 1)) & 1) === 1) === literal > 0)) return true;
  }
  return false;
}

function fill(solver: Solver, clauses: readonly number[][]): Solver {
  for (const clause of clauses) solver.add(clause);
  return solver;
}

/** So many pigeons in one hole fewer. */
function pigeons(holes: number): number[][] {
  const at = (pigeon: number, hole: number) => pigeon * holes + hole + 1;
  const all = Array.from({ length: holes }, (_, hole) => hole);
  const clauses = Array.from({ length: holes + 1 }, (_, pigeon) => all.map((hole) => at(pigeon, hole)));
  for (const hole of all) for (let a = 0; a <= holes; a += 1) for (let b = 0; b < a; b += 1) clauses.push([-at(a, hole), -at(b, hole)]);
  return clauses;
}

describe('the SAT solver', { timeout: 60_000 }, () => {
  it('agrees with trying everything, question after question', () => {
    const random = randomOf(20261);
    const counts = { yes: 0, no: 0 };
    for (let round = 0; round < 1500; round += 1) {
      const variables = 3 + random.below(9);
      const literal = () => (1 + random.below(variables)) * (random.below(2) ? 1 : -1);
      const clauses = Array.from({ length: Math.round(variables * (2 + random.below(30) / 10)) }, () => Array.from({ length: 1 + random.below(2) + random.below(3) }, literal));
      const solver = fill(new Solver(variables), clauses);
      for (let question = 0; question < 6; question += 1) {
        const wanted = Array.from({ length: random.below(4) }, literal);
        const found = solver.solve(wanted);
        expect(found).toBe(bruteForce(variables, [...clauses, ...wanted.map((one) => [one])]));
        counts[found ? 'yes' : 'no'] += 1;
        if (found) expect(satisfied([...clauses, ...wanted.map((one) => [one])], (one) => solver.holds(one))).toBe(true);
        else {
          expect(solver.core.every((one) => wanted.includes(one))).toBe(true);
          expect(bruteForce(variables, [...clauses, ...solver.core.map((one) => [one])])).toBe(false);
        }
      }
    }
    expect(counts.yes).toBeGreaterThan(1000);
    expect(counts.no).toBeGreaterThan(1000);
  });

  it('proves that pigeons do not fit, by learning, restarts and forgetting', () => {
    const solver = fill(new Solver(8 * 7), pigeons(7));
    expect(solver.solve([])).toBe(false);
  });

  it('answers hard random questions with models that hold', () => {
    const random = randomOf(7);
    for (let round = 0; round < 12; round += 1) {
      const variables = 120;
      const clauses = Array.from({ length: Math.round(variables * 4.2) }, () => Array.from({ length: 3 }, () => (1 + random.below(variables)) * (random.below(2) ? 1 : -1)));
      const solver = fill(new Solver(variables), clauses);
      if (solver.solve([])) expect(satisfied(clauses, (one) => solver.holds(one))).toBe(true);
    }
  });

  it('says what follows by propagation', () => {
    const solver = fill(new Solver(4), [[-1, 2], [-2, 3], [-3, -4]]);
    expect(solver.implied([1])?.sort((a, b) => a - b)).toEqual([-4, 1, 2, 3]);
    expect(solver.implied([1, 4])).toBeNull();
  });
});
