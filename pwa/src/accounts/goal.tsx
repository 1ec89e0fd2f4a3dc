/** A goal of the customer: set, changed, reached or dropped. */
import type { Account, Goal, Person } from '../store/rows';
import { changes, Chips, Day, filled, FormScreen, Text } from '../ui/form';
import { most } from '../ui/limits';
import { newId, saveAndLeave, write, type Write } from '../ui/save';
import { useTyped, type Typed } from '../ui/typed';
import { personChips } from './new-people';

export interface GoalDraft {
  title: string;
  target: string;
  due_on: string;
  person_id: string;
  status: Goal['status'];
}

const STATUSES = [
  { value: 'open', label: 'Open' },
  { value: 'reached', label: 'Reached' },
  { value: 'dropped', label: 'Dropped' },
] as const;

interface GoalProps {
  account: Account;
  people: Person[];
  /** null sets a new one */
  goal: Goal | null;
  path: string;
  typed: Typed<GoalDraft> | null;
}

const shown = (goal: Goal | null): GoalDraft => ({
  title: goal?.title ?? '', target: goal?.target ?? '', due_on: goal?.due_on ?? '', person_id: goal?.person_id ?? '', status: goal?.status ?? 'open',
});

export function GoalScreen({ account, people, goal, path, typed }: GoalProps) {
  const draft = useTyped(path, `Goal of ${account.name}`, shown(goal), typed);
  const { value, change } = draft;
  const form = value.value;
  const to = `/accounts/${account.id}`;
  return (
    <FormScreen
      title={goal ? 'Goal' : 'New goal'} sub={account.name} back={{ href: to, label: account.name }}
      check={() => (form.title.trim() ? {} : { title: 'Say what they want to reach.' })}
      onSave={() => saveAndLeave(writesOf(form, account, goal), to, draft)}
    >
      {(wrong) => (
        <section class="card">
          <Text
            label="What they want to reach" value={form.title} onText={(title) => change({ title })} maxLength={most('goal.set', 'title')}
            autocapitalize="sentences" spellcheck wrong={wrong['title']}
          />
          <Text
            label="How they will know" value={form.target} onText={(target) => change({ target })} maxLength={most('goal.set', 'target')}
            autocapitalize="sentences" spellcheck hint="A figure or a fact, in their words."
          />
          {!goal && people.length > 0 && (
            <Chips
              legend="Whose goal" options={personChips(people, [])} value={form.person_id || null}
              onPick={(person_id) => change({ person_id: person_id ?? '' })} optional
            />
          )}
          {goal && (
            <Chips legend="Now" options={STATUSES} value={form.status} onPick={(status) => change({ status: status ?? 'open' })} />
          )}
          <Day legend="By when" value={form.due_on} onDay={(due_on) => change({ due_on })} quick={[30, 91, 182, 365]} />
        </section>
      )}
    </FormScreen>
  );
}

function writesOf(form: GoalDraft, account: Account, goal: Goal | null): Write[] {
  const { status, person_id, ...words } = form;
  if (goal) {
    const { person_id: _, ...before } = shown(goal);
    const changed = changes(before, { ...words, status });
    return changed ? [write('goal.change', { id: goal.id, ...changed })] : [];
  }
  return [
    write('goal.set', {
      id: newId(), account_id: account.id, title: words.title.trim(), ...filled({ target: words.target.trim(), due_on: words.due_on, person_id }),
    }),
  ];
}
