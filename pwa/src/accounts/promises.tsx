/** Promises: kept with one tap, taken back within some seconds; broken when it must be said. */
import { useSignal } from '@preact/signals';
import { SignOf } from '../briefing/lines';
import type { CustomerPromise, Person } from '../store/rows';
import { today } from '../ui/clock';
import { dayDistance, dayInSentence } from '../ui/dates';
import { Icon } from '../ui/icons';
import { save, write } from '../ui/save';
import { Unsent } from '../outbox/marks';
import { keep } from './keeping';

/** today · Friday · 3 days late */
export function due(day: string): string {
  const late = dayDistance(day, today.value);
  if (late > 0) return `${late} ${late === 1 ? 'day' : 'days'} late`;
  return dayInSentence(day, today.value);
}

interface RowProps {
  promise: CustomerPromise;
  person: Person | undefined;
  /** where it was made, for lists of several accounts */
  about?: string | undefined;
}

export function PromiseRow({ promise, person, about }: RowProps) {
  const asking = useSignal(false);
  const late = dayDistance(promise.due_on, today.value);
  const sign = late > 0 ? 'bad' : late === 0 ? 'warn' : 'info';
  const parts = [person ? `To ${person.name}` : null, about, promise.made_on && `made ${dayInSentence(promise.made_on, today.value)}`];
  return (
    <li>
      <div class="promise">
        <SignOf spec={{ card: 'promises', sign, icon: 'P' }} />
        <a class="grow" href={`/accounts/${promise.account_id}`}>
          <b>{promise.text}</b> – {due(promise.due_on)}
          <span class="src">
            {parts.filter(Boolean).join(' · ')} <Unsent type="promise" id={promise.id} />
          </span>
        </a>
        <button class="round" type="button" aria-label={`Kept: ${promise.text}`} onClick={() => void keep(promise)}>
          <Icon name="check" />
        </button>
        {late > 0 && !asking.value && (
          <button class="round" type="button" aria-label={`Not kept: ${promise.text}`} onClick={() => (asking.value = true)}>
            <Icon name="close" />
          </button>
        )}
      </div>
      {asking.value && (
        <div class="asked" role="group" aria-label="Not kept?">
          <p>Say that this promise was not kept? It stays in the account’s history.</p>
          <div class="pair">
            <button class="btn ghost" type="button" onClick={() => (asking.value = false)}>
              No
            </button>
            <button class="btn" type="button" onClick={() => void save([write('promise.break', { id: promise.id })])}>
              Not kept
            </button>
          </div>
        </div>
      )}
    </li>
  );
}
