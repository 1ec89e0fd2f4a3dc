/** Events of the rep's calendars that may be about a customer and wait for an answer: how many, as the server said last. */
import { signal } from '@preact/signals';

export const asked = signal(0);
