/** Days, times and ages in words. Every function takes the instant it is read at and the time zone it is read in. */
import type { Instant, IsoDate } from '../store/rows';

const MINUTE = 60_000;
const DAY = 86_400_000;
const WEEKDAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'] as const;
const MONTHS = [
  'January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December',
] as const;

/** Asking `Intl` is slow on a phone and a screen asks for the same few zones hundreds of times: answers are kept a quarter hour each. */
const zones = new Map<string, { format: Intl.DateTimeFormat; offsets: Map<number, number> }>();

/** Milliseconds that local time is ahead of UTC. Clocks change on a quarter of an hour, everywhere. */
function offsetAt(instant: number, timeZone: string): number {
  let zone = zones.get(timeZone);
  if (!zone) {
    const format = new Intl.DateTimeFormat('en-GB', {
      timeZone, hourCycle: 'h23',
      year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit',
    });
    zones.set(timeZone, (zone = { format, offsets: new Map() }));
  }
  const quarter = Math.floor(instant / (15 * MINUTE));
  let offset = zone.offsets.get(quarter);
  if (offset === undefined) {
    const parts = zone.format.formatToParts(quarter * 15 * MINUTE);
    const n = (type: string) => Number(parts.find((one) => one.type === type)?.value);
    const local = Date.UTC(n('year'), n('month') - 1, n('day'), n('hour'), n('minute'), n('second'));
    zone.offsets.set(quarter, (offset = local - quarter * 15 * MINUTE));
  }
  return offset;
}

/** The local date and time of an instant, in the UTC fields of a Date. */
const local = (instant: Date, timeZone: string): Date =>
  new Date(instant.getTime() + offsetAt(instant.getTime(), timeZone));

/** The calendar day of an instant in a time zone. */
export const localDay = (instant: Date, timeZone: string): IsoDate => local(instant, timeZone).toISOString().slice(0, 10);

/** `07:40` */
export const timeOfDay = (instant: Date, timeZone: string): string => local(instant, timeZone).toISOString().slice(11, 16);

/** Whole days from one calendar day to another. */
export function dayDistance(from: IsoDate, to: IsoDate): number {
  return Math.round((Date.parse(`${to}T00:00Z`) - Date.parse(`${from}T00:00Z`)) / DAY);
}

/** The calendar day `days` after another. */
export function addDays(day: IsoDate, days: number): IsoDate {
  return new Date(Date.parse(`${day}T00:00Z`) + days * DAY).toISOString().slice(0, 10);
}

/** The first instant of a calendar day in a time zone. */
export function startOfDay(day: IsoDate, timeZone: string): Date {
  const midnight = Date.parse(`${day}T00:00Z`);
  const before = midnight - offsetAt(midnight - DAY / 2, timeZone);
  const after = midnight - offsetAt(midnight + DAY / 2, timeZone);
  const starts = [Math.min(before, after), Math.max(before, after)].map((instant) => new Date(instant));
  // Where the clock is put forward over midnight, the day begins at the later of the two.
  return starts.find((start) => localDay(start, timeZone) === day) ?? new Date(after);
}

const inUtc = (day: IsoDate): Date => new Date(`${day}T00:00Z`);
const month = (day: IsoDate): string => MONTHS[inUtc(day).getUTCMonth()] as string;
const dayOfMonth = (day: IsoDate): number => inUtc(day).getUTCDate();

export const weekday = (day: IsoDate): string => WEEKDAYS[inUtc(day).getUTCDay()] as string;

/** `9 November`, with its year when it is of another year and more than half a year away. */
export function dayAndMonth(day: IsoDate, today: IsoDate): string {
  const near = day.slice(0, 4) === today.slice(0, 4) || Math.abs(dayDistance(today, day)) <= 183;
  return `${dayOfMonth(day)} ${month(day)}${near ? '' : ` ${day.slice(0, 4)}`}`;
}

/** `9 Nov`, for charts and tables. */
export const shortDay = (day: IsoDate): string => `${dayOfMonth(day)} ${month(day).slice(0, 3)}`;

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
  const minutes = Math.floor((now.getTime() - at.getTime()) / MINUTE);
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
  const day = localDay(at, timeZone);
  return `${weekday(day)} ${dayOfMonth(day)} ${month(day)} ${day.slice(0, 4)}, ${timeOfDay(at, timeZone)}`;
}

/** A length of time: `52 min`, `1 h 20`, `3 h`, `2 days`. */
export function duration(milliseconds: number): string {
  const minutes = Math.max(0, Math.round(milliseconds / MINUTE));
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours >= 48) return `${Math.floor(hours / 24)} days`;
  return minutes % 60 === 0 || hours >= 10 ? `${hours} h` : `${hours} h ${String(minutes % 60).padStart(2, '0')}`;
}

/** The instant at which a clock in `timeZone` shows `time` (`HH:MM`) on a calendar day; the earlier one where it shows it twice. */
export function instantAt(day: IsoDate, time: string, timeZone: string): Date {
  const wanted = Date.parse(`${day}T${time}Z`);
  const tries = [wanted - DAY / 2, wanted + DAY / 2].map((near) => wanted - offsetAt(near, timeZone));
  const found = tries.sort((a, b) => a - b).find((at) => at + offsetAt(at, timeZone) === wanted);
  return new Date(found ?? (tries[1] as number));
}

/** An instant as it is on the wire. */
export const onWire = (at: Date): Instant => at.toISOString().replace('.000Z', 'Z');
