/** What a clause promises and what is credited when it is missed: the words of the customer's page and of the PDF (`app/quotes/words.py`). */
import type { ClauseData } from '../cpq/quote';

const METRICS: Record<string, string> = { first_response: 'First answer', resolution: 'Repair' };
const UNITS: Record<string, string> = { M: 'minutes', H: 'hours', D: 'days' };

/** `PT4H` → `4 hours`; what is not a plain ISO 8601 duration is left as it is. */
export function durationWords(iso: string): string {
  const [, time, count, unit = ''] = /^P(T?)(\d+)([MHD])$/.exec(iso) ?? [];
  const words = UNITS[unit];
  if (!words || (unit === 'M' && !time)) return iso;
  return `${count} ${count === '1' ? words.slice(0, -1) : words}`;
}

const text = (value: unknown): string => (value === undefined || value === null ? '' : String(value));

export function promiseWords({ service_level: level, credit }: Pick<ClauseData, 'service_level' | 'credit'>): string {
  const cap = credit?.['cap_percent'] ? `, up to ${text(credit['cap_percent'])} %` : '';
  const missed = credit?.['percent'] ? `When missed, ${text(credit['percent'])} % is credited for each ${text(credit['per'] ?? 'case')}${cap}.` : '';
  return [level && Object.keys(level).length > 0 ? levelWords(level) : '', missed].filter(Boolean).join(' ');
}

function levelWords(level: Readonly<Record<string, unknown>>): string {
  const [metric, target, percent] = [text(level['metric']), text(level['target']), text(level['percent'])];
  if (metric === 'availability') return `Available ${target} % of the time.`;
  const said = metric.replaceAll('_', ' ').toLowerCase();
  const name = METRICS[metric] ?? said.charAt(0).toUpperCase() + said.slice(1);
  const within = target.startsWith('P') ? ` within ${durationWords(target)}` : target ? `: ${target}` : '';
  return `${name}${within}${percent && percent !== '100' ? `, in ${percent} % of cases` : ''}.`;
}
