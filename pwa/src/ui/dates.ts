/** Days, times and ages in words. Every function takes the instant it is read at and the time zone it is read in. */
import type { Instant, IsoDate } from '../store/rows';

const LOCALE = 'en-GB';
const formats = new Map<string, Intl.DateTimeFormat>();

function formatter(timeZone: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = timeZone + JSON.stringify(options);
  let format = formats.get(key);
  if (!format) formats.set(key, (format = new Intl.DateTimeFormat(LOCALE, { ...options, timeZone })));
  return format;
}

/** The calendar day of an instant in a time zone. */
export function localDay(instant: Date, timeZone: string): IsoDate {
  const parts = formatter(timeZone, { year: 'numeric', month: '2-digit', day: '2-digit' }).formatToParts(instant);
  const part = (type: string) => parts.find((one) => one.type === type)?.value ?? '';
  return `${part('year')}-${part('month')}-${part('day')}`;
}

/** `07:40` */
export function timeOfDay(instant: Date, timeZone: string): string {
  return formatter(timeZone, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(instant);
}

/** Whole days from one calendar day to another. */
export function dayDistance(from: IsoDate, to: IsoDate): number {
  return Math.round((Date.parse(`${to}T00:00Z`) - Date.parse(`${from}T00:00Z`)) / 86_400_000);
}

/** The calendar day `days` after another. */
export function addDays(day: IsoDate, days: number): IsoDate {
  return new Date(Date.parse(`${day}T00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);
}

/** The first instant of a calendar day in a time zone. */
export function startOfDay(day: IsoDate, timeZone: string): Date {
  const guess = Date.parse(`${day}T00:00Z`);
  for (const offset of [offsetAt(guess, timeZone), offsetAt(guess - offsetAt(guess, timeZone), timeZone)]) {
    const start = new Date(guess - offset);
    if (localDay(start, timeZone) === day && localDay(new Date(start.getTime() - 1), timeZone) !== day) return start;
  }
  // Midnight does not exist on this day: the clock was put forward over it.
  return new Date(guess - offsetAt(guess + 43_200_000, timeZone));
}

/** Milliseconds that local time is ahead of UTC. */
function offsetAt(instant: number, timeZone: string): number {
  const parts = formatter(timeZone, {
    year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23',
  }).formatToParts(new Date(instant));
  const n = (type: string) => Number(parts.find((one) => one.type === type)?.value);
  return Date.UTC(n('year'), n('month') - 1, n('day'), n('hour'), n('minute'), n('second')) - Math.floor(instant / 1000) * 1000;
}

const inUtc = (day: IsoDate): Date => new Date(`${day}T00:00Z`);

export const weekday = (day: IsoDate): string => formatter('UTC', { weekday: 'long' }).format(inUtc(day));

/** `9 November`, with its year when it is of another year and more than half a year away. */
export function dayAndMonth(day: IsoDate, today: IsoDate): string {
  const near = day.slice(0, 4) === today.slice(0, 4) || Math.abs(dayDistance(today, day)) <= 183;
  const year = near ? {} : ({ year: 'numeric' } as const);
  return formatter('UTC', { day: 'numeric', month: 'long', ...year }).format(inUtc(day));
}

/** `9 Nov`, for charts and tables. */
export const shortDay = (day: IsoDate): string => formatter('UTC', { day: 'numeric', month: 'short' }).format(inUtc(day));

/** Today, Tomorrow, Yesterday, `Thursday`, else `9 November`. */
export function dayName(day: IsoDate, today: IsoDate): string {
  const distance = dayDistance(today, day);
  if (distance === 0) return 'Today';
  if (distance === 1) return 'Tomorrow';
  if (distance === -1) return 'Yesterday';
  return Math.abs(distance) <= 6 ? weekday(day) : dayAndMonth(day, today);
}

/** The same inside a sentence: today, tomorrow, Thursday, 9 November. */
export function dayInSentence(day: IsoDate, today: IsoDate): string {
  const name = dayName(day, today);
  return Math.abs(dayDistance(today, day)) <= 1 ? name.toLowerCase() : name;
}

/** How old a figure is: just now, 12 min ago, 2 h ago, today 06:00, yesterday 06:00, Thursday, 9 November. */
export function age(instant: Instant, now: Date, timeZone: string): string {
  const at = new Date(instant);
  const minutes = Math.floor((now.getTime() - at.getTime()) / 60_000);
  const [day, today] = [localDay(at, timeZone), localDay(now, timeZone)];
  if (minutes < -2) return day === today ? `today ${timeOfDay(at, timeZone)}` : dayInSentence(day, today);
  if (minutes < 1) return 'just now';
  if (minutes < 60) return `${minutes} min ago`;
  if (minutes < 240) return `${Math.floor(minutes / 60)} h ago`;
  const distance = dayDistance(today, day);
  if (distance >= -1) return `${dayInSentence(day, today)} ${timeOfDay(at, timeZone)}`;
  return dayInSentence(day, today);
}

/** A moment of the recent past, short enough for the pill: `07:40`, `Thu 07:40`, `9 Nov 07:40`. */
export function moment(instant: Instant, now: Date, timeZone: string): string {
  const at = new Date(instant);
  const time = timeOfDay(at, timeZone);
  const [day, today] = [localDay(at, timeZone), localDay(now, timeZone)];
  if (day === today) return time;
  const distance = Math.abs(dayDistance(today, day));
  return distance <= 6 ? `${weekday(day).slice(0, 3)} ${time}` : `${shortDay(day)} ${time}`;
}

/** `Thursday 20 November 2026, 07:40` */
export function inFull(instant: Instant, timeZone: string): string {
  const at = new Date(instant);
  const date = formatter(timeZone, { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' }).format(at);
  return `${date}, ${timeOfDay(at, timeZone)}`;
}

/** A length of time: `52 min`, `1 h 20`, `3 h`, `2 days`. */
export function duration(milliseconds: number): string {
  const minutes = Math.max(0, Math.round(milliseconds / 60_000));
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours >= 48) return `${Math.floor(hours / 24)} days`;
  return minutes % 60 === 0 || hours >= 10 ? `${hours} h` : `${hours} h ${String(minutes % 60).padStart(2, '0')}`;
}
