/** Promises made on the spot: what, to whom, by when. */
import { newId, write, type Write } from '../ui/save';
import { today } from '../ui/clock';
import { Chips, Day, filled, Text, type Wrong } from '../ui/form';
import { most } from '../ui/limits';
import { Icon } from '../ui/icons';

export interface NewPromise {
  id: string;
  text: string;
  person_id: string;
  due_on: string;
}

interface FieldsProps {
  promise: NewPromise;
  people: { value: string; label: string }[];
  wrong: { text?: string | undefined; due?: string | undefined };
  onChange: (promise: NewPromise) => void;
}

export const emptyPromise = (): NewPromise => ({ id: newId(), text: '', person_id: '', due_on: '' });

export function PromiseFields({ promise, people, wrong, onChange }: FieldsProps) {
  const change = (part: Partial<NewPromise>) => onChange({ ...promise, ...part });
  return (
    <>
      <Text
        label="What you promise" value={promise.text} onText={(text) => change({ text })} maxLength={most('promise.make', 'text')} autocapitalize="sentences"
        spellcheck wrong={wrong.text}
      />
      {people.length > 0 && (
        <Chips legend="To whom" options={people} value={promise.person_id || null} onPick={(one) => change({ person_id: one ?? '' })} optional />
      )}
      <Day legend="By when" value={promise.due_on} onDay={(due_on) => change({ due_on })} wrong={wrong.due} />
    </>
  );
}

interface NewPromisesProps {
  promises: NewPromise[];
  people: { value: string; label: string }[];
  wrong: Wrong;
  onChange: (promises: NewPromise[]) => void;
}

export function NewPromises({ promises, people, wrong, onChange }: NewPromisesProps) {
  const replace = (index: number, one: NewPromise) => onChange(promises.map((other, at) => (at === index ? one : other)));
  return (
    <section class="card">
      <h2>Promises</h2>
      {promises.map((promise, index) => (
        <div key={promise.id} class="inset" role="group" aria-label={`Promise ${index + 1}`}>
          <PromiseFields
            promise={promise} people={people} wrong={{ text: wrong[`promise ${index}`], due: wrong[`due ${index}`] }}
            onChange={(one) => replace(index, one)}
          />
          <button class="btn ghost" type="button" onClick={() => onChange(promises.filter((one) => one !== promise))}>
            Remove this promise
          </button>
        </div>
      ))}
      <button class="btn ghost wide" type="button" onClick={() => onChange([...promises, emptyPromise()])}>
        <Icon name="add" />
        {promises.length > 0 ? 'Another promise' : 'Add a promise'}
      </button>
    </section>
  );
}

export function promiseWrites(place: { account_id: string; visit_id?: string }, promises: NewPromise[]): Write[] {
  return promises.map(({ id, text, person_id, due_on }) =>
    write('promise.make', { id, ...place, text: text.trim(), made_on: today.peek(), due_on, ...filled({ person_id }) }),
  );
}
