/**
 * What was learned of a model at earlier clicks, and holds at the next: configurations within all bounds, each a witness for every
 * choice that it keeps; and values found impossible, which stay so while the choices that ruled them out are kept.
 */
import type { Kept } from './model';

/** Configurations and clicks that are remembered; the oldest are forgotten. */
const CONFIGURATIONS = 1024;
const CLICKS = 24;

interface Click {
  readonly choices: readonly Kept[];
  /** By slot, 0 where it was found impossible. */
  readonly slots: Uint8Array;
}

export class Witnesses {
  /** A row a configuration, a column a feature: which of its slots holds. */
  private readonly rows: Int32Array;
  private count = 0;
  private next = 0;
  private readonly clicks: Click[] = [];

  constructor(private readonly slotStart: Int32Array) {
    this.rows = new Int32Array(CONFIGURATIONS * this.width);
  }

  private get width(): number {
    return this.slotStart.length - 1;
  }

  /** Keep a configuration that is within all bounds, by which slots hold; returns these. */
  add(holds: (slot: number) => boolean): Int32Array {
    const { rows, slotStart, width } = this;
    const from = this.next * width;
    for (let at = 0; at < width; at += 1) {
      let slot = slotStart[at] as number;
      while (!holds(slot)) slot += 1;
      rows[from + at] = slot;
    }
    this.next = (this.next + 1) % CONFIGURATIONS;
    this.count = Math.min(this.count + 1, CONFIGURATIONS);
    return rows.subarray(from, from + width);
  }

  /** Mark slots that some configuration has which keeps all choices, or all but a single one of the slot's feature. Whether one keeps all. */
  see(choices: readonly Kept[], seen: Uint8Array): boolean {
    const { rows, width } = this;
    let keepsAll = false;
    for (let row = 0; row < this.count; row += 1) {
      const broken = this.onlyBroken(choices, row * width);
      if (broken === ALL_KEPT) {
        keepsAll = true;
        for (let at = row * width; at < (row + 1) * width; at += 1) seen[rows[at] as number] = 1;
      } else if (broken !== TOO_MANY) {
        seen[rows[row * width + broken] as number] = 1;
      }
    }
    return keepsAll;
  }

  /** The feature of the one choice that a configuration breaks, where that is a single one. */
  private onlyBroken(choices: readonly Kept[], from: number): number {
    let broken = ALL_KEPT;
    for (let at = 0; at < choices.length; at += 1) {
      const { feature, allowed, single } = choices[at] as Kept;
      if (allowed.has(this.rows[from + feature] as number)) continue;
      if (!single || broken !== ALL_KEPT) return TOO_MANY;
      broken = feature;
    }
    return broken;
  }

  /** Remember what a click found. */
  noteClick(choices: readonly Kept[], slots: Uint8Array): void {
    this.clicks.unshift({ choices, slots: slots.slice() });
    this.clicks.length = Math.min(this.clicks.length, CLICKS);
  }

  /** Mark slots that were impossible with choices which are all among these, a single one of the slot's feature not counted. */
  recallImpossible(choices: readonly Kept[], impossible: Uint8Array): void {
    const byFeature = new Map(choices.map((choice) => [choice.feature, choice]));
    for (const { choices: earlier, slots } of this.clicks) {
      const others = earlier.filter((choice) => !isSame(choice, byFeature.get(choice.feature)));
      if (others.length > 1 || (others[0] && !others[0].single)) continue;
      const begin = others[0] ? (this.slotStart[others[0].feature] as number) : 0;
      const end = others[0] ? (this.slotStart[others[0].feature + 1] as number) : slots.length;
      for (let slot = begin; slot < end; slot += 1) if (!slots[slot]) impossible[slot] = 1;
    }
  }
}

const ALL_KEPT = -1;
const TOO_MANY = -2;

/** Whether two choices of a feature allow the same values. */
export const isSame = (one: Kept, other: Kept | undefined): boolean =>
  other !== undefined && one.single === other.single && one.allowed.size === other.allowed.size && [...one.allowed].every((slot) => other.allowed.has(slot));
