/** The time, as a signal that moves with the minute while the app is looked at. Countdowns and ages follow it. */
import { computed, signal } from '@preact/signals';
import { session } from '../store/state';
import { localDay } from './dates';

export const now = signal(new Date());

/** The rep's own time zone: the account's setting, else the phone's. */
export const timeZone = computed(
  () => session.value?.user.time_zone || Intl.DateTimeFormat().resolvedOptions().timeZone,
);

export const today = computed(() => localDay(now.value, timeZone.value));

const MINUTE = 60_000;

export function startClock(): void {
  const tick = () => {
    now.value = new Date();
    setTimeout(tick, MINUTE - (Date.now() % MINUTE) + 20);
  };
  tick();
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') now.value = new Date();
  });
}
