/** Somebody at an account: added, or changed; how they want to be reached. */
import type { PersonAdd } from '../store/mutations.gen';
import type { Account, Person } from '../store/rows';
import { changes, Chips, Day, filled, FormScreen, Prose, Text, type Wrong } from '../ui/form';
import { most } from '../ui/limits';
import { newId, saveAndLeave, write, type Write } from '../ui/save';
import { useTyped, type Typed } from '../ui/typed';

export interface PersonDraft {
  name: string;
  title: string;
  role: string;
  email: string;
  phone: string;
  mobile: string;
  language: string;
  preferred_channel: string;
  preferred_times: string;
  left_on: string;
  notes: string;
}

const ROLES = [
  { value: 'decision_maker', label: 'Decides' },
  { value: 'influencer', label: 'Influences' },
  { value: 'technical', label: 'Technical' },
  { value: 'finance', label: 'Finance' },
  { value: 'user', label: 'Uses it' },
  { value: 'gatekeeper', label: 'Gatekeeper' },
  { value: 'other', label: 'Other' },
];
const WAYS = [
  { value: 'phone', label: 'Call' },
  { value: 'email', label: 'E-mail' },
  { value: 'sms', label: 'Text message' },
  { value: 'visit', label: 'Visit' },
  { value: 'none', label: 'No contact' },
];

const shown = (person: Person | null): PersonDraft => ({
  name: person?.name ?? '', title: person?.title ?? '', role: person?.role ?? '', email: person?.email ?? '', phone: person?.phone ?? '',
  mobile: person?.mobile ?? '', language: person?.language ?? '', preferred_channel: person?.preferred_channel ?? '',
  preferred_times: person?.preferred_times ?? '', left_on: person?.left_on ?? '', notes: person?.notes ?? '',
});

interface PersonProps {
  account: Account;
  /** null adds somebody */
  person: Person | null;
  path: string;
  typed: Typed<PersonDraft> | null;
}

export function PersonForm({ account, person, path, typed }: PersonProps) {
  const draft = useTyped(path, person ? `Changes to ${person.name}` : `Somebody at ${account.name}`, shown(person), typed);
  const { value, change } = draft;
  const form = value.value;
  const to = person ? `/people/${person.id}` : `/accounts/${account.id}`;
  const text = (name: keyof PersonDraft, label: string, rest: object = {}) => (
    <Text label={label} value={form[name]} onText={(one) => change({ [name]: one })} maxLength={most('person.change', name)} {...rest} />
  );
  return (
    <FormScreen
      title={person ? 'Change person' : 'New person'} sub={person ? `${person.name} · ${account.name}` : account.name}
      back={{ href: to, label: person?.name ?? account.name }} check={() => check(form)}
      onSave={() => saveAndLeave(writesOf(form, account, person), to, draft)}
    >
      {(wrong) => (
        <>
          <section class="card">
            {text('name', 'Name', { autocapitalize: 'words', wrong: wrong['name'] })}
            {text('title', 'What they do', { autocapitalize: 'sentences' })}
            <Chips legend="In a decision" options={ROLES} value={form.role || null} onPick={(role) => change({ role: role ?? 'other' })} />
          </section>
          <section class="card">
            {text('mobile', 'Mobile', { type: 'tel' })}
            {text('phone', 'Phone', { type: 'tel' })}
            {text('email', 'E-mail', { type: 'email', autocapitalize: 'off', wrong: wrong['email'] })}
            {text('language', 'Language', { hint: 'What they like to speak: sv, de, it, or in words.' })}
          </section>
          {person && (
            <section class="card">
              <Chips
                legend="Prefers" options={WAYS} value={form.preferred_channel || null} optional
                onPick={(way) => change({ preferred_channel: way ?? '' })}
              />
              {text('preferred_times', 'When', { placeholder: 'after 14:00, not on Fridays' })}
            </section>
          )}
          {person && (
            <section class="card">
              <Prose label="Notes" value={form.notes} onText={(notes) => change({ notes })} most={most('person.change', 'notes')} />
              <Day legend="Has left" value={form.left_on} onDay={(left_on) => change({ left_on })} quick={[0, -7, -30]} />
            </section>
          )}
        </>
      )}
    </FormScreen>
  );
}

function check(form: PersonDraft): Wrong {
  return {
    ...(form.name.trim() ? {} : { name: 'Somebody needs a name.' }),
    ...(form.email && !/^\S+@\S+\.\S+$/.test(form.email.trim()) ? { email: 'This is not an e-mail address.' } : {}),
  };
}

function writesOf(form: PersonDraft, account: Account, person: Person | null): Write[] {
  if (person) {
    const changed = changes(shown(person), form);
    return changed ? [write('person.change', { id: person.id, ...changed })] : [];
  }
  const { name, title, email, phone, mobile, language } = form;
  const role = form.role as NonNullable<PersonAdd['role']>;
  const rest = filled({ title, role, email: email.trim(), phone, mobile, language });
  return [write('person.add', { id: newId(), account_id: account.id, name: name.trim(), ...rest })];
}
