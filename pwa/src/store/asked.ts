/** What the rep's calendars have to say. The part of the app that knows them is fetched later, and brings the words with it. */
import { signal } from '@preact/signals';
import type { FunctionComponent } from 'preact';

/** Events that may be about a customer and wait for an answer: how many, as the server said last. */
export const asked = signal(0);

/** What is shown of it on Today. */
export const CalendarWord = signal<FunctionComponent | null>(null);
