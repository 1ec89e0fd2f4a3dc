/** Make a promise to a customer. */
import type { Account, Person } from '../store/rows';
import { FormScreen } from '../ui/form';
import { saveAndLeave } from '../ui/save';
import { useTyped, type Typed } from '../ui/typed';
import { personChips } from './new-people';
import { emptyPromise, PromiseFields, promiseWrites, type NewPromise } from './new-promises';

interface PromiseProps {
  account: Account;
  people: Person[];
  visitId: string | null;
  path: string;
  typed: Typed<NewPromise> | null;
}

export function PromiseScreen({ account, people, visitId, path, typed }: PromiseProps) {
  const draft = useTyped(path, `Promise to ${account.name}`, emptyPromise(), typed);
  const form = draft.value.value;
  const to = visitId ? `/visits/${visitId}` : `/accounts/${account.id}`;
  const place = { account_id: account.id, ...(visitId && { visit_id: visitId }) };
  const check = () => ({
    ...(form.text.trim() ? {} : { text: 'Say what you promise.' }),
    ...(form.due_on ? {} : { due: 'Say by when.' }),
  });
  return (
    <FormScreen
      title="Promise" sub={account.name} back={{ href: to, label: account.name }} check={check}
      onSave={() => saveAndLeave(promiseWrites(place, [form]), to, draft)}
    >
      {(wrong: { text?: string; due?: string }) => (
        <section class="card">
          <PromiseFields promise={form} people={personChips(people, [])} wrong={wrong} onChange={draft.change} />
        </section>
      )}
    </FormScreen>
  );
}
