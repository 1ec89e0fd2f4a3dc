/** The time by the server's clock, as a signal that moves with the minute while the app is looked at: a phone's own may be a day off. */
import { computed, effect, signal } from '@preact/signals';
import { phone, session } from '../store/state';
import { phoneNow } from '../store/sync';
import { localDay } from './dates';

export const now = signal(phoneNow());

/** The rep's own time zone: the account's setting, else the phone's. */
export const timeZone = computed(
  () => session.value?.user.time_zone || Intl.DateTimeFormat().resolvedOptions().timeZone,
);

export const today = computed(() => localDay(now.value, timeZone.value));

const MINUTE = 60_000;

export function startClock(): void {
  const tick = () => {
    now.value = phoneNow();
    setTimeout(tick, MINUTE - (Date.now() % MINUTE) + 20);
  };
  tick();
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') now.value = phoneNow();
  });
  effect(() => {
    if (Math.abs(phone.shown.skew.value ?? 0) >= MINUTE) now.value = phoneNow();
  });
}
