/** How many paths lead to true: in pairs of doubles where all counts fit, else in integers of any size. */
import type { Chains } from './chains';
import type { Costs } from './paths';

/** Paths that take no forbidden side (cost Infinity); `total`: how many there are when nothing is forbidden. */
export function countPaths(chains: Chains, cost: Costs, total: bigint): bigint {
  const { levels, side, end, rest, root, top, entry } = chains;
  const either = new Int32Array(levels + 1); // levels above this one of which both sides are open
  for (let at = 0; at < levels; at += 1) {
    const open = Number(cost[2 * at] !== Infinity) + Number(cost[2 * at + 1] !== Infinity);
    if (open === 0) return 0n;
    either[at + 1] = either[at]! + open - 1;
  }
  if (either[levels] === levels) return total;
  // By step: how many of the levels that are skipped from there on have both sides open; less than none where the way is shut.
  const free = new Int32Array(side.length);
  for (let at = 1; at < side.length; at += 1) {
    const before = free[rest[at]!]!;
    free[at] = cost[side[at]!] === Infinity || before < 0 ? -1 : either[end[at]!]! - either[(side[at]! >> 1) + 1]! + before;
  }
  if (free[entry]! < 0 || root === 0) return 0n;
  const exponent = either[top]! + free[entry]!;
  return (total < 2n ** 100n ? inPairs(chains, free) : inAnySize(chains, free)) << BigInt(exponent);
}

const HALF = 2 ** 50;

/** Each count as `high · 2^50 + low`; by powers of two a double is multiplied exactly. */
function inPairs({ step, target, root }: Chains, free: Int32Array): bigint {
  const [high, low] = [new Float64Array(root + 1), new Float64Array(root + 1)];
  low[1] = 1;
  for (let id = 2; id <= root; id += 1) {
    for (let edge = 2 * id; edge <= 2 * id + 1; edge += 1) {
      const levels = free[step[edge]!]!;
      if (levels < 0) continue;
      const factor = 2 ** levels;
      const part = low[target[edge]!]! * factor;
      const over = Math.floor(part / HALF);
      high[id] = high[id]! + high[target[edge]!]! * factor + over;
      low[id] = low[id]! + (part - over * HALF);
    }
    if (low[id]! >= HALF) {
      high[id] = high[id]! + 1;
      low[id] = low[id]! - HALF;
    }
  }
  return (BigInt(high[root]!) << 50n) + BigInt(low[root]!);
}

function inAnySize({ step, target, root }: Chains, free: Int32Array): bigint {
  const count: bigint[] = [0n, 1n];
  const by = (edge: number): bigint => (free[step[edge]!]! < 0 ? 0n : count[target[edge]!]! << BigInt(free[step[edge]!]!));
  for (let id = 2; id <= root; id += 1) count.push(by(2 * id) + by(2 * id + 1));
  return count[root]!;
}
