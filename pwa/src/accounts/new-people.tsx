/** Somebody new, added on the spot where people are chosen. */
import { useSignal } from '@preact/signals';
import { useRef } from 'preact/hooks';
import { newId, write, type Write } from '../ui/save';
import type { Person } from '../store/rows';
import { filled, Text } from '../ui/form';
import { most } from '../ui/limits';
import { Icon } from '../ui/icons';

export interface NewPerson {
  id: string;
  name: string;
  title: string;
}

/** People who can be chosen: those who have not left, and who was just added. */
export function personChips(people: Person[], added: NewPerson[]): { value: string; label: string }[] {
  const here = people.filter((one) => !one.left_on).sort((a, b) => a.name.localeCompare(b.name));
  return [...here, ...added].map((one) => ({ value: one.id, label: one.name }));
}

export const newPersonWrites = (account_id: string, added: NewPerson[]): Write[] =>
  added.map(({ id, name, title }) => write('person.add', { id, account_id, name, ...filled({ title }) }));

export function NewPeople({ onAdd }: { added: NewPerson[]; onAdd: (one: NewPerson) => void }) {
  const open = useSignal(false);
  const name = useSignal('');
  const title = useSignal('');
  const box = useRef<HTMLDivElement>(null);
  const show = () => {
    open.value = true;
    requestAnimationFrame(() => box.current?.querySelector('input')?.focus());
  };
  const add = () => {
    if (!name.value.trim()) return box.current?.querySelector('input')?.focus();
    onAdd({ id: newId(), name: name.value.trim(), title: title.value.trim() });
    name.value = title.value = '';
    open.value = false;
  };
  /** Whoever goes on without "Add" meant it too: a name that was typed is not lost. */
  const left = ({ relatedTarget }: FocusEvent) => {
    const inside = relatedTarget instanceof Node && box.current?.contains(relatedTarget);
    if (!inside && document.hasFocus() && name.value.trim()) add();
  };
  if (!open.value) {
    return (
      <button class="chip" type="button" onClick={show}>
        <Icon name="add" />
        Somebody new
      </button>
    );
  }
  return (
    <div ref={box} class="inset" onFocusOut={left}>
      <Text label="Name" value={name.value} onText={(text) => (name.value = text)} maxLength={most('person.add', 'name')} autocapitalize="words" />
      <Text label="What they do" value={title.value} onText={(text) => (title.value = text)} maxLength={most('person.add', 'title')} autocapitalize="sentences" />
      <div class="pair">
        <button class="btn ghost" type="button" onClick={() => (open.value = false)}>
          Cancel
        </button>
        <button class="btn" type="button" onClick={add}>
          Add
        </button>
      </div>
    </div>
  );
}
