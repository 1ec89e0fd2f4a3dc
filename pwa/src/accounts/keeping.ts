/** A promise that is tapped as kept: entered at once, and for some seconds the tap can be taken back. */
import { mutateHeld } from '../store/mutate';
import type { CustomerPromise } from '../store/rows';
import { today } from '../ui/clock';
import { say, UNDO_MS } from '../ui/said';

/** Tapped, and there for a moment longer: of two taps in a row the second is not another, which would be taken back alone. */
const tapped = new Set<string>();

export async function keep({ id }: CustomerPromise): Promise<void> {
  if (tapped.has(id)) return;
  tapped.add(id);
  try {
    const { takeBack } = await mutateHeld({ name: 'promise.keep', args: { id, kept_on: today.peek() } }, UNDO_MS);
    say('Promise kept', () => void takeBack());
  } finally {
    tapped.delete(id);
  }
}
