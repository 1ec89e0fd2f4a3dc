/** How many paths lead to true: in doubles where all counts fit, else in integers of any size. */
import type { Diagram } from './artefact';
import type { Costs } from './search';

/** Paths that take no forbidden side (cost Infinity); `total`: how many there are when nothing is forbidden. */
export function countPaths(diagram: Diagram, levels: number, costs: Costs, total: bigint): bigint {
  const { low, high } = costs;
  let free = true;
  const either = new Int32Array(levels + 1); // levels above this one of which both sides are open
  const closed = new Int32Array(levels + 1); // levels above this one of which no side is open
  for (let at = 0; at < levels; at += 1) {
    const open = Number(low[at] !== Infinity) + Number(high[at] !== Infinity);
    either[at + 1] = (either[at] as number) + (open === 2 ? 1 : 0);
    closed[at + 1] = (closed[at] as number) + (open === 0 ? 1 : 0);
    if (open !== 2) free = false;
  }
  if ((closed[levels] as number) > 0) return 0n;
  if (free) return total;
  return total < 2n ** 53n ? BigInt(small(diagram, costs, either)) : large(diagram, costs, either);
}

function small({ level, low, high, root }: Diagram, costs: Costs, either: Int32Array): number {
  const count = new Float64Array(root + 1);
  if (root > 0) count[1] = 1;
  for (let id = 2; id <= root; id += 1) {
    const at = level[id] as number;
    const from = either[at + 1] as number;
    let sum = 0;
    for (const [child, open] of [[low[id] as number, costs.low[at] !== Infinity], [high[id] as number, costs.high[at] !== Infinity]] as const) {
      if (open && count[child]) sum += (count[child] as number) * 2 ** ((either[level[child] as number] as number) - from);
    }
    count[id] = sum;
  }
  return (count[root] as number) * 2 ** (either[level[root] as number] as number);
}

function large({ level, low, high, root }: Diagram, costs: Costs, either: Int32Array): bigint {
  const count: bigint[] = [0n, 1n];
  for (let id = 2; id <= root; id += 1) {
    const at = level[id] as number;
    const from = either[at + 1] as number;
    const side = (child: number, cost: number | undefined): bigint =>
      cost === Infinity ? 0n : (count[child] as bigint) << BigInt((either[level[child] as number] as number) - from);
    count.push(side(low[id] as number, costs.low[at]) + side(high[id] as number, costs.high[at]));
  }
  return (count[root] as bigint) << BigInt(either[level[root] as number] as number);
}
