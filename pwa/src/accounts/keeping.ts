/** A promise that is tapped as kept: entered at once, and for some seconds the tap can be taken back. */
import { mutateHeld } from '../store/mutate';
import type { CustomerPromise } from '../store/rows';
import { today } from '../ui/clock';
import { say, UNDO_MS } from '../ui/said';

export async function keep({ id }: CustomerPromise): Promise<void> {
  const { takeBack } = await mutateHeld({ name: 'promise.keep', args: { id, kept_on: today.peek() } }, UNDO_MS);
  say('Promise kept', () => void takeBack());
}
