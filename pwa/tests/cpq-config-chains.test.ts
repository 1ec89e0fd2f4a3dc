/** A diagram in which forced nodes are steps on edges has the paths that it had. */
import { describe, expect, it } from 'vitest';
import { chained, type Chains } from '../src/cpq/config/chains';
import { countPaths } from '../src/cpq/config/count';
import { smallModel } from './support/models';
import { randomOf } from './support/random';

/** Every path as bits by level; a level that it skips is either. */
function pathsOf(chains: Chains, skippable: (level: number) => boolean): Set<string> {
  const { levels, side, end, rest, target, step, root, entry, top } = chains;
  const found = new Set<string>();
  const skipped = (from: number, to: number, heads: readonly string[]): string[] => {
    let all = [...heads];
    for (let level = from; level < to; level += 1) {
      expect(skippable(level)).toBe(true);
      all = all.flatMap((head) => [`${head}0`, `${head}1`]);
    }
    return all;
  };
  const stepped = (first: number, heads: readonly string[]): string[] => {
    let all = [...heads];
    for (let at = first; at > 0; at = rest[at]!) all = skipped((side[at]! >> 1) + 1, end[at]!, all.map((head) => `${head}${side[at]! & 1}`));
    return all;
  };
  const visit = (node: number, heads: readonly string[]): void => {
    if (node === 1) heads.forEach((head) => found.add(head));
    if (node < 2) return;
    for (const edge of [2 * node, 2 * node + 1]) {
      expect(target[edge]).toBeGreaterThan(0);
      expect(target[edge]).toBeLessThan(node);
      visit(target[edge]!, stepped(step[edge]!, heads));
    }
  };
  visit(root, stepped(entry, skipped(0, top, [''])));
  for (const path of found) expect(path).toHaveLength(levels);
  return found;
}

describe('a diagram without forced nodes', () => {
  it('has the same paths, and skips no weighed level', () => {
    const random = randomOf(21);
    let fewer = 0;
    for (let round = 0; round < 200; round += 1) {
      const { diagram: model, configurations } = smallModel(random, 0);
      const { diagram, header } = model;
      const weighed = header.order.map((_, level) => level).filter(() => random.below(3) === 0);
      const chains = chained(diagram!, header.order.length, weighed);
      const found = pathsOf(chains, (level) => !weighed.includes(level));
      expect(found).toEqual(new Set(configurations.map((holds) => header.order.map((variable) => (holds(variable) ? '1' : '0')).join(''))));
      fewer += chains.level.length < diagram!.level.length ? 1 : 0;
    }
    expect(fewer).toBeGreaterThan(100);
  });

  it('is false or true alone where the diagram is', () => {
    const none = { level: Int32Array.of(2, 2), low: new Int32Array(2), high: new Int32Array(2) };
    expect(pathsOf(chained({ ...none, root: 0 }, 2, [1]), () => true)).toEqual(new Set());
    expect(pathsOf(chained({ ...none, root: 1 }, 2, [1]), (level) => level !== 1)).toEqual(new Set(['00', '01', '10', '11']));
  });

  it('counts exactly what no double holds', () => {
    // Of variables in a row no two neighbours hold. After each of the first few come levels that are free only next to one that holds.
    const [count, first, gap] = [70, 6, 8];
    const at = (place: number): number => place + gap * Math.min(place, first);
    const levels = at(count);
    const [level, low, high] = [[levels, levels], [0, 0], [0, 0]];
    const node = (...[own, left, right]: readonly [level: number, low: number, high: number]): number => {
      low.push(left);
      high.push(right);
      return level.push(own) - 1;
    };
    let [any, after] = [1, 1]; // the node that follows a variable which does not hold, and one which does
    let [anyWays, afterWays, withoutFirst] = [1n, 1n, 0n];
    for (let place = count - 1; place >= 0; place -= 1) {
      let without = any;
      for (let free = at(place + 1) - 1; free > at(place); free -= 1) without = node(free, without, 0);
      [after, any] = [node(at(place), any, 0), node(at(place), without, after)];
      const between = 2n ** BigInt(place < first ? gap : 0);
      [anyWays, afterWays, withoutFirst] = [anyWays + between * afterWays, between * anyWays, anyWays];
    }
    const chains = chained({ level: Int32Array.from(level), low: Int32Array.from(low), high: Int32Array.from(high), root: any }, levels, []);
    const firstShut = Float64Array.from({ length: 2 * levels }, (_, side) => (side === 1 ? Infinity : 0));
    expect(anyWays).toBeLessThan(2n ** 100n);
    for (const total of [anyWays, 2n ** 100n]) expect(countPaths(chains, firstShut, total)).toBe(withoutFirst);
  });
});
