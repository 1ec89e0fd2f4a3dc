/** Variables by how much they were in conflicts of late (VSIDS), the most active on top of a binary heap. */
const DECAY = 1 / 0.95;

export class Activity {
  private activity = new Float64Array(1);
  private heap = new Int32Array(1);
  private place = new Int32Array(1);
  private size = 0;
  private step = 1;

  /** Room for so many variables; the new ones are put in. */
  grow(from: number, to: number): void {
    const bigger = <T extends Float64Array | Int32Array>(make: new (size: number) => T, old: T): T => {
      const made = new make(to + 1);
      made.set(old);
      return made;
    };
    this.activity = bigger(Float64Array, this.activity) as Float64Array<ArrayBuffer>;
    this.heap = bigger(Int32Array, this.heap) as Int32Array<ArrayBuffer>;
    this.place = bigger(Int32Array, this.place) as Int32Array<ArrayBuffer>;
    this.place.fill(-1, from + 1);
    for (let variable = from + 1; variable <= to; variable += 1) this.put(variable);
  }

  get isEmpty(): boolean {
    return this.size === 0;
  }

  bump(variable: number): void {
    const raised = (this.activity[variable] as number) + this.step;
    this.activity[variable] = raised;
    if (raised > 1e100) {
      for (let one = 0; one < this.activity.length; one += 1) this.activity[one] = (this.activity[one] as number) * 1e-100;
      this.step *= 1e-100;
    }
    if ((this.place[variable] as number) >= 0) this.rise(this.place[variable] as number);
  }

  decay(): void {
    this.step *= DECAY;
  }

  /** Put a variable back in, where it is not. */
  put(variable: number): void {
    if ((this.place[variable] as number) >= 0) return;
    this.heap[this.size] = variable;
    this.rise(this.size++);
  }

  /** Take the most active one out. */
  pop(): number {
    const top = this.heap[0] as number;
    const last = this.heap[--this.size] as number;
    this.place[top] = -1;
    if (this.size > 0) this.sink(last);
    return top;
  }

  private rise(from: number): void {
    const { heap, place, activity } = this;
    const variable = heap[from] as number;
    let at = from;
    while (at > 0) {
      const up = (at - 1) >> 1;
      const above = heap[up] as number;
      if ((activity[above] as number) >= (activity[variable] as number)) break;
      heap[at] = above;
      place[above] = at;
      at = up;
    }
    heap[at] = variable;
    place[variable] = at;
  }

  private sink(variable: number): void {
    const { heap, place, activity, size } = this;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= size) break;
      if (child + 1 < size && (activity[heap[child + 1] as number] as number) > (activity[heap[child] as number] as number)) child += 1;
      const below = heap[child] as number;
      if ((activity[below] as number) <= (activity[variable] as number)) break;
      heap[at] = below;
      place[below] = at;
      at = child;
    }
    heap[at] = variable;
    place[variable] = at;
  }
}
