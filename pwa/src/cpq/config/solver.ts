/**
 * A small SAT solver: conflict-driven clause learning with two watched literals, VSIDS, phase saving, Luby restarts and
 * assumptions (Eén, Sörensson, "An Extensible SAT-solver", 2003; literal block distance after Audemard, Simon, 2009).
 *
 * Literals are signed variables outside, 2·v (true) and 2·v + 1 (false) inside. What was learned stays from one question to the next.
 */
import { Activity } from './activity';
import { OutOfTime, type Limit } from './limit';

const UNSET = 2;
const NO_REASON = 0;
const NO_LITERAL = -1;
/** Distance of a clause that says why a sum did what it did: never watched, first to be forgotten. */
const FLEETING = 1 << 30;
/** Room that fleeting clauses may take before they are cleared away. */
const MOST_ROOM = 1 << 22;
const RESTART = 64;
/** Place of a clause in the arena: size, distance (0: not learned), literals. */
const HEAD = 2;

interface Sum {
  /** The heaviest first. */
  readonly terms: readonly { readonly literal: number; readonly weight: number }[];
  readonly most: number;
  now: number;
}

const inner = (literal: number): number => (literal > 0 ? literal * 2 : -literal * 2 + 1);
const outer = (literal: number): number => (literal & 1 ? -(literal >> 1) : literal >> 1);

export class Solver {
  /** Of the last question that had no answer: the assumptions that cannot hold together (not always the fewest). */
  core: number[] = [];
  private arena = new Int32Array(1 << 14);
  private used = 1; // 0 is "no reason"
  private readonly watches: number[][] = [[], []]; // by literal that became true: reference and blocker in turn
  private value = new Uint8Array(2); // by literal: 1 true, 0 false, 2 unset
  private level = new Int32Array(1);
  private reason = new Int32Array(1);
  private phase = new Uint8Array(1); // the literal's sign bit to try first
  private seen = new Uint8Array(1);
  private trail = new Int32Array(1);
  private trailSize = 0;
  private head = 0;
  private readonly limits: number[] = []; // size of the trail where each decision level begins
  private readonly activity = new Activity();
  private readonly sums: Sum[] = [];
  private readonly sumsOf: { sum: Sum; weight: number }[][] = []; // by literal
  private wanted: readonly number[] = [];
  private liked: readonly number[] = [];
  private likedAt = 0; // what comes before is set
  private learned = 0;
  private mostLearned = 4000;
  private ok = true;
  private model = new Uint8Array(1);
  private stamps = new Int32Array(1);
  private stamp = 0;

  constructor(public variables = 0) {
    this.variables = 0;
    this.grow(variables);
  }

  /** A variable more. */
  variable(): number {
    this.grow(this.variables + 1);
    return this.variables;
  }

  private grow(variables: number): void {
    const from = this.variables;
    this.variables = variables;
    for (let literal = 2 * from + 2; literal <= 2 * variables + 1; literal += 1) this.watches[literal] = [];
    if (variables < this.level.length) return;
    const room = Math.max(variables, from * 2);
    this.value = enlarged(new Uint8Array(2 * room + 2).fill(UNSET), this.value);
    this.phase = enlarged(new Uint8Array(room + 1).fill(1), this.phase);
    this.seen = enlarged(new Uint8Array(room + 1), this.seen);
    this.model = enlarged(new Uint8Array(room + 1), this.model);
    this.level = enlarged(new Int32Array(room + 1), this.level);
    this.reason = enlarged(new Int32Array(room + 1), this.reason);
    this.trail = enlarged(new Int32Array(room + 1), this.trail);
    this.stamps = enlarged(new Int32Array(room + 1), this.stamps);
    this.activity.grow(from, room);
  }

  /** Add a clause for good. */
  add(literals: Iterable<number>): void {
    this.backTo(0);
    const kept = new Set<number>();
    for (const literal of literals) {
      const own = inner(literal);
      if (kept.has(own ^ 1) || this.value[own] === 1) return;
      if (this.value[own] === UNSET) kept.add(own);
    }
    const clause = [...kept];
    if (clause.length === 0) this.ok = false;
    else if (clause.length === 1) {
      this.assign(clause[0] as number, NO_REASON);
      if (this.propagate()) this.ok = false;
    } else this.attach(this.store(clause, 0));
  }

  /** The weights (above 0) of the literals that hold sum up to at most this, for good. */
  addSum(weights: readonly (readonly [literal: number, weight: number])[], most: number): void {
    this.backTo(0);
    const terms = weights.map(([literal, weight]) => ({ literal: inner(literal), weight })).sort((a, b) => b.weight - a.weight);
    const sum: Sum = { terms, most, now: 0 };
    this.sums.push(sum);
    for (const { literal, weight } of terms) {
      (this.sumsOf[literal] ??= []).push({ sum, weight });
      if (this.value[literal] === 1) sum.now += weight;
    }
    if (this.ok && (this.weigh(sum) || this.propagate())) this.ok = false;
  }

  /**
   * Whether a model holds with these literals; where none does, `core` says which of them are at fault. What is `liked` is
   * tried first and in this order, so that of all models it is the first one by what is liked. Throws OutOfTime at the limit.
   */
  solve(assumptions: readonly number[], liked: readonly number[] = [], limit?: Limit): boolean {
    this.backTo(0);
    this.core = [];
    if (!this.ok) return false;
    if (limit?.isOver) throw new OutOfTime();
    this.wanted = assumptions.map(inner);
    this.liked = liked.map(inner);
    this.likedAt = 0;
    for (let restart = 1; ; restart += 1) {
      const found = this.search(luby(restart) * RESTART, limit);
      if (found === null) {
        if (limit?.isOver) this.giveUp();
        continue;
      }
      if (found) for (let variable = 1; variable <= this.variables; variable += 1) this.model[variable] = this.value[2 * variable] as number;
      this.backTo(0);
      return found;
    }
  }

  /** What was learned last is carried out, so that it is not lost. */
  private giveUp(): never {
    if (this.propagate()) this.ok = false;
    throw new OutOfTime();
  }

  /** The last model, to be kept. */
  snapshot(): (literal: number) => boolean {
    const model = this.model.slice();
    return (literal) => (literal > 0 ? model[literal] === 1 : model[-literal] !== 1);
  }

  /** Whether a literal is true in the last model. */
  holds(literal: number): boolean {
    return literal > 0 ? this.model[literal] === 1 : this.model[-literal] !== 1;
  }

  /** Try this literal first when its variable is guessed. */
  prefer(literal: number): void {
    this.phase[Math.abs(literal)] = literal > 0 ? 0 : 1;
  }

  /** What follows from assumptions by propagation alone, themselves included; null where that already contradicts. */
  implied(assumptions: readonly number[]): number[] | null {
    return this.propagated(assumptions, () => 0);
  }

  /** What follows from one literal by propagation, and holds for no other reason; nothing where it cannot hold. */
  follows(literal: number): number[] {
    return this.propagated([literal], () => this.limits[0] as number) ?? [];
  }

  private propagated(assumptions: readonly number[], from: () => number): number[] | null {
    this.backTo(0);
    if (!this.ok) return null;
    this.limits.push(this.trailSize);
    let possible = true;
    for (const literal of assumptions) {
      const own = inner(literal);
      if (this.value[own] === 0) possible = false;
      else if (this.value[own] === UNSET) {
        this.assign(own, NO_REASON);
        if (this.propagate()) possible = false;
      }
      if (!possible) break;
    }
    const all = possible ? Array.from(this.trail.subarray(from(), this.trailSize), outer) : null;
    this.backTo(0);
    return all;
  }

  // --- search ------------------------------------------------------------------------------------------------------

  /** True: a model is on the trail. False: none. Null: so many conflicts came that it should start anew. */
  private search(conflicts: number, limit: Limit | undefined): boolean | null {
    for (let count = 0; ; ) {
      const conflict = this.propagate();
      if (conflict) {
        if (this.limits.length === 0) return (this.ok = false);
        count += 1;
        this.learn(conflict);
        if (limit?.spend()) count = conflicts;
        else continue;
      }
      if (count >= conflicts) {
        this.backTo(0);
        if (this.learned > this.mostLearned || this.used > MOST_ROOM + this.mostLearned * 64) this.forget();
        return null;
      }
      const next = this.decide();
      if (next === 0) return true;
      if (next < 0) return false;
      this.limits.push(this.trailSize);
      this.assign(next, NO_REASON);
    }
  }

  /** The next literal to set: assumptions first; 0 where everything is set, −1 where an assumption cannot hold. */
  private decide(): number {
    const { wanted } = this;
    while (this.limits.length < wanted.length) {
      const literal = wanted[this.limits.length] as number;
      if (this.value[literal] === UNSET) return literal;
      if (this.value[literal] === 0) {
        this.blame(literal);
        return -1;
      }
      this.limits.push(this.trailSize); // holds already: a level with nothing in it
    }
    for (; this.likedAt < this.liked.length; this.likedAt += 1) {
      const literal = this.liked[this.likedAt] as number;
      if (this.value[literal] === UNSET) return literal;
    }
    while (!this.activity.isEmpty) {
      const variable = this.activity.pop();
      if (variable <= this.variables && this.value[2 * variable] === UNSET) return 2 * variable + (this.phase[variable] as number);
    }
    return 0;
  }

  private assign(literal: number, reason: number): void {
    const variable = literal >> 1;
    this.value[literal] = 1;
    this.value[literal ^ 1] = 0;
    this.level[variable] = this.limits.length;
    this.reason[variable] = reason;
    this.trail[this.trailSize++] = literal;
    const sums = this.sumsOf[literal];
    if (sums) for (const { sum, weight } of sums) sum.now += weight;
  }

  private backTo(level: number): void {
    if (this.limits.length <= level) return;
    const keep = this.limits[level] as number;
    while (this.trailSize > keep) {
      const literal = this.trail[--this.trailSize] as number;
      const variable = literal >> 1;
      this.value[literal] = this.value[literal ^ 1] = UNSET;
      this.phase[variable] = literal & 1;
      this.activity.put(variable);
      for (const { sum, weight } of this.sumsOf[literal] ?? []) sum.now -= weight;
    }
    this.limits.length = level;
    this.head = keep;
    this.likedAt = 0;
  }

  /** Carry out everything that follows; the clause that is broken, or 0. */
  private propagate(): number {
    const { value } = this;
    while (this.head < this.trailSize) {
      const truth = this.trail[this.head++] as number;
      const falsity = truth ^ 1;
      const list = this.watches[truth] as number[];
      const { arena } = this;
      let kept = 0;
      for (let at = 0; at < list.length; at += 2) {
        const clause = list[at] as number;
        const blocker = list[at + 1] as number;
        if (value[blocker] === 1) {
          list[kept++] = clause;
          list[kept++] = blocker;
          continue;
        }
        const first = clause + HEAD;
        if (arena[first] === falsity) {
          arena[first] = arena[first + 1] as number;
          arena[first + 1] = falsity;
        }
        const other = arena[first] as number;
        if (value[other] !== 1 && this.rewatch(clause, other)) continue;
        list[kept++] = clause;
        list[kept++] = other;
        if (value[other] === 1) continue;
        if (value[other] === UNSET) {
          this.assign(other, clause);
          continue;
        }
        for (at += 2; at < list.length; at += 1) list[kept++] = list[at] as number;
        list.length = kept;
        this.head = this.trailSize;
        return clause;
      }
      list.length = kept;
      for (const { sum } of this.sumsOf[truth] ?? []) {
        const broken = this.weigh(sum);
        if (!broken) continue;
        this.head = this.trailSize;
        return broken;
      }
    }
    return 0;
  }

  /** Carry out what follows from a sum; a clause that says why it is broken, or 0. */
  private weigh(sum: Sum): number {
    if (sum.now > sum.most) return this.because(sum, NO_LITERAL);
    for (const { literal, weight } of sum.terms) {
      if (sum.now + weight <= sum.most) return 0;
      if (this.value[literal] === UNSET) this.assign(literal ^ 1, this.because(sum, literal ^ 1));
    }
    return 0;
  }

  /** The clause by which a sum makes a literal true: not all of these that hold, or it. */
  private because(sum: Sum, literal: number): number {
    const clause = literal === NO_LITERAL ? [] : [literal];
    for (const term of sum.terms) if (this.value[term.literal] === 1 && this.level[term.literal >> 1] !== 0) clause.push(term.literal ^ 1);
    return this.store(clause, FLEETING);
  }

  /** Watch another literal of the clause in the second one's place, if one is not false. */
  private rewatch(clause: number, blocker: number): boolean {
    const { arena, value } = this;
    const first = clause + HEAD;
    const end = first + (arena[clause] as number);
    for (let at = first + 2; at < end; at += 1) {
      const literal = arena[at] as number;
      if (value[literal] === 0) continue;
      arena[at] = arena[first + 1] as number;
      arena[first + 1] = literal;
      (this.watches[literal ^ 1] as number[]).push(clause, blocker);
      return true;
    }
    return false;
  }

  // --- learning ----------------------------------------------------------------------------------------------------

  /** Learn from a broken clause up to the first point where one literal of the level is left, and go back to where it says something. */
  private learn(conflict: number): void {
    const { arena, level, seen, trail } = this;
    const here = this.limits.length;
    const clause = [0];
    let open = 0;
    let at = this.trailSize;
    let literal = 0;
    for (let from = conflict; ; from = this.reason[literal >> 1] as number) {
      const end = from + HEAD + (arena[from] as number);
      for (let place = from + HEAD; place < end; place += 1) {
        const one = arena[place] as number;
        const variable = one >> 1;
        if (one === literal || seen[variable] || level[variable] === 0) continue;
        seen[variable] = 1;
        this.activity.bump(variable);
        if (level[variable] === here) open += 1;
        else clause.push(one);
      }
      do literal = trail[--at] as number;
      while (!seen[literal >> 1]);
      if (--open === 0) break;
      seen[literal >> 1] = 0;
    }
    clause[0] = literal ^ 1;
    const short = clause.filter((one, place) => place === 0 || !this.isSaid(one));
    for (const one of clause) seen[one >> 1] = 0;
    this.activity.decay();
    this.keep(short);
  }

  /** Whether a literal of a learned clause follows from the others, so that it need not be said. */
  private isSaid(literal: number): boolean {
    const from = this.reason[literal >> 1] as number;
    if (from === NO_REASON) return false;
    const end = from + HEAD + (this.arena[from] as number);
    for (let place = from + HEAD; place < end; place += 1) {
      const variable = (this.arena[place] as number) >> 1;
      if (variable !== literal >> 1 && !this.seen[variable] && this.level[variable] !== 0) return false;
    }
    return true;
  }

  private keep(clause: number[]): void {
    const { level } = this;
    let second = 1;
    for (let at = 2; at < clause.length; at += 1) {
      if ((level[(clause[at] as number) >> 1] as number) > (level[(clause[second] as number) >> 1] as number)) second = at;
    }
    if (clause.length === 1) {
      this.backTo(0);
      this.assign(clause[0] as number, NO_REASON);
      return;
    }
    [clause[1], clause[second]] = [clause[second] as number, clause[1] as number];
    const distance = this.distance(clause);
    this.backTo(level[(clause[1] as number) >> 1] as number);
    const stored = this.store(clause, distance);
    this.attach(stored);
    this.learned += 1;
    this.assign(clause[0] as number, stored);
  }

  /** How many decision levels a clause spans. */
  private distance(clause: readonly number[]): number {
    this.stamp += 1;
    let count = 0;
    for (const literal of clause) {
      const level = this.level[literal >> 1] as number;
      if (this.stamps[level] !== this.stamp) count += 1;
      this.stamps[level] = this.stamp;
    }
    return count;
  }

  /** Which assumptions made this one impossible. */
  private blame(literal: number): void {
    const { level, seen, reason, trail } = this;
    const core = [outer(literal)];
    if (level[literal >> 1] !== 0) seen[literal >> 1] = 1;
    for (let at = this.trailSize - 1; at >= (this.limits[0] ?? this.trailSize); at -= 1) {
      const one = trail[at] as number;
      const variable = one >> 1;
      if (!seen[variable]) continue;
      seen[variable] = 0;
      const from = reason[variable] as number;
      if (from === NO_REASON) {
        core.push(outer(one));
        continue;
      }
      const end = from + HEAD + (this.arena[from] as number);
      for (let place = from + HEAD; place < end; place += 1) {
        const other = (this.arena[place] as number) >> 1;
        if (other !== variable && level[other] !== 0) seen[other] = 1;
      }
    }
    this.core = core;
  }

  // --- clauses -----------------------------------------------------------------------------------------------------

  private store(clause: readonly number[], distance: number): number {
    const at = this.used;
    const end = at + HEAD + clause.length;
    if (end > this.arena.length) {
      const larger = new Int32Array(Math.max(end, this.arena.length * 2));
      larger.set(this.arena);
      this.arena = larger;
    }
    this.arena[at] = clause.length;
    this.arena[at + 1] = distance;
    this.arena.set(clause, at + HEAD);
    this.used = end;
    return at;
  }

  private attach(clause: number): void {
    const [first, second] = [this.arena[clause + HEAD] as number, this.arena[clause + HEAD + 1] as number];
    (this.watches[first ^ 1] as number[]).push(clause, second);
    (this.watches[second ^ 1] as number[]).push(clause, first);
  }

  /** Forget the half of what was learned that spans the most levels. At level 0 only, where reasons are not asked for. */
  private forget(): void {
    const { arena } = this;
    const old = this.used;
    const distances: number[] = [];
    for (let at = 1; at < old; at += HEAD + (arena[at] as number)) if (arena[at + 1] && arena[at + 1] !== FLEETING) distances.push(arena[at + 1] as number);
    distances.sort((a, b) => a - b);
    const limit = Math.max(2, distances[distances.length >> 1] ?? 0);
    for (const list of this.watches) list.length = 0;
    this.used = 1;
    this.learned = 0;
    for (let at = 1, size = 0; at < old; at += size) {
      size = HEAD + (arena[at] as number);
      const distance = arena[at + 1] as number;
      if (distance > limit || this.isSettled(at)) continue;
      arena.copyWithin(this.used, at, at + size);
      this.attach(this.used);
      this.used += size;
      if (distance) this.learned += 1;
    }
    if (this.learned > this.mostLearned / 2) this.mostLearned *= 1.5;
  }

  /** A clause that holds for good. */
  private isSettled(clause: number): boolean {
    const end = clause + HEAD + (this.arena[clause] as number);
    for (let at = clause + HEAD; at < end; at += 1) if (this.value[this.arena[at] as number] === 1) return true;
    return false;
  }
}

function enlarged<T extends Uint8Array | Int32Array>(larger: T, old: T): T {
  larger.set(old);
  return larger;
}

/** 1, 1, 2, 1, 1, 2, 4 … */
function luby(index: number): number {
  let size = 1;
  while (size < index + 1) size *= 2;
  return size === index + 1 ? size / 2 : luby(index - size / 2 + 1);
}
