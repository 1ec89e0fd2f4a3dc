/** How long SAT may think about one question: so many conflicts, which are the same on every phone, and no longer than so many milliseconds. */

/** The public models above the gate need some hundreds; small models with tight budgets can use up any number. */
export const CONFLICTS = 50_000;
export const MILLISECONDS = 3_000;
/** Conflicts from one look at the clock to the next. */
const LOOK = 16;

/** The limit was reached and the answer is not known. */
export class OutOfTime extends Error {
  override name = 'OutOfTime';
}

export class Limit {
  private readonly end: number;

  constructor(private conflicts = CONFLICTS, milliseconds = MILLISECONDS, private readonly now: () => number = () => performance.now(), private readonly whole?: Limit) {
    this.end = now() + milliseconds;
  }

  /** At most so many of the conflicts that are left. */
  part(conflicts: number): Limit {
    return new Limit(conflicts, this.end - this.now(), this.now, this);
  }

  /** So much time and as many conflicts more, for what is made of an answer that is known. */
  more(share: number): Limit {
    return new Limit(CONFLICTS * share, MILLISECONDS * share, this.now);
  }

  get isOver(): boolean {
    return this.conflicts <= 0 || (this.whole?.conflicts ?? 1) <= 0 || this.now() >= this.end;
  }

  /** A conflict more; true when that was the last one. */
  spend(): boolean {
    this.conflicts -= 1;
    if (this.whole) this.whole.conflicts -= 1;
    if (this.conflicts <= 0) return true;
    return this.conflicts % LOOK === 0 && this.isOver;
  }
}

/** What a question answers within its limit; null when that was not enough. */
export function within<T>(question: () => T): T | null {
  try {
    return question();
  } catch (error) {
    if (error instanceof OutOfTime) return null;
    throw error;
  }
}
