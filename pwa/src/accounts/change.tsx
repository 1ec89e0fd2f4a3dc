/** Change what is known about an account. Only what was changed is sent, field by field. */
import type { Account } from '../store/rows';
import { timeZone } from '../ui/clock';
import { changes, Chips, FormScreen, Prose, Select, Text, type Wrong } from '../ui/form';
import { most } from '../ui/limits';
import { saveAndLeave, write } from '../ui/save';
import { useTyped, type Typed } from '../ui/typed';

export interface AccountDraft {
  name: string;
  status: string;
  industry: string;
  phone: string;
  website: string;
  street: string;
  postal_code: string;
  city: string;
  region: string;
  country: string;
  time_zone: string;
  employees: string;
  aliases: string;
  notes: string;
}

const STATUSES = [
  { value: 'customer', label: 'Customer' },
  { value: 'prospect', label: 'Prospect' },
  { value: 'former', label: 'Former' },
];

function shown(account: Account): AccountDraft {
  const { address = {} } = account;
  const { name, status = '', industry = '', phone = '', website = '', time_zone = '', notes = '' } = account;
  const { street = '', postal_code = '', city = '', region = '', country = '' } = address;
  const employees = account.employees === undefined ? '' : String(account.employees);
  const aliases = (account.aliases ?? []).join('\n');
  return { name, status, industry, phone, website, street, postal_code, city, region, country, time_zone, employees, aliases, notes };
}

/** The form's words as the wire's fields. */
function fieldsOf(form: AccountDraft): Record<string, unknown> {
  const { street, postal_code, city, region, country, employees, aliases, ...plain } = form;
  const address = { street, postal_code, city, region, country };
  const parts = Object.entries(address).map(([name, text]) => [name, text.trim() || null] as const).filter(([, text]) => text !== null);
  return {
    ...plain,
    address: parts.length > 0 ? Object.fromEntries(parts) : null,
    employees: employees.trim() === '' ? null : Number(employees.replaceAll(/[\s.,]/g, '')),
    aliases: aliases.split('\n').map((one) => one.trim()).filter(Boolean),
  };
}

export function AccountForm({ account, path, typed }: { account: Account; path: string; typed: Typed<AccountDraft> | null }) {
  const draft = useTyped(path, `Changes to ${account.name}`, shown(account), typed);
  const { value, change } = draft;
  const form = value.value;
  const to = `/accounts/${account.id}`;
  const save = async () => {
    const changed = changes(fieldsOf(shown(account)), fieldsOf(form));
    await saveAndLeave(changed ? [write('account.change', { id: account.id, ...changed })] : [], to, draft);
  };
  const text = (name: keyof AccountDraft, label: string, rest: object = {}) => (
    <Text label={label} value={form[name]} onText={(one) => change({ [name]: one })} maxLength={most('account.change', name)} {...rest} />
  );
  return (
    <FormScreen title="Change account" sub={account.name} back={{ href: to, label: account.name }} check={() => check(form)} onSave={save}>
      {(wrong) => (
        <>
          <section class="card">
            {text('name', 'Name', { wrong: wrong['name'] })}
            <Chips legend="They are a" options={STATUSES} value={form.status || null} onPick={(status) => change({ status: status ?? '' })} />
            {text('industry', 'Industry')}
            {text('employees', 'Employees', { inputMode: 'numeric', wrong: wrong['employees'], maxLength: 12 })}
          </section>
          <section class="card">
            {text('phone', 'Phone', { type: 'tel' })}
            {text('website', 'Website', { type: 'url', autocapitalize: 'off' })}
          </section>
          <section class="card">
            <h2>Address</h2>
            {text('street', 'Street', { maxLength: 200 })}
            {text('postal_code', 'Postal code', { maxLength: 20 })}
            {text('city', 'Town', { maxLength: 100 })}
            {text('region', 'Region', { maxLength: 100 })}
            {text('country', 'Country', { maxLength: 60, hint: 'Two letters where you know them: SE, DE, IT.' })}
            <Select label="Time zone" value={form.time_zone} onText={(zone) => change({ time_zone: zone })} options={zones(form.time_zone)} />
          </section>
          <section class="card">
            <Prose
              label="Also called" value={form.aliases} onText={(aliases) => change({ aliases })} rows={2} most={4000}
              hint="One name a line: names that the news may use."
            />
            <Prose label="Notes about the account" value={form.notes} onText={(notes) => change({ notes })} rows={4} most={most('account.change', 'notes')} />
          </section>
        </>
      )}
    </FormScreen>
  );
}

function check(form: AccountDraft): Wrong {
  const wrong: Wrong = {};
  const { employees } = fieldsOf(form);
  if (!form.name.trim()) wrong['name'] = 'An account needs a name.';
  if (employees !== null && !Number.isSafeInteger(employees)) wrong['employees'] = 'Write the number of employees in figures.';
  return wrong;
}

function zones(current: string): [string, string][] {
  const known = 'supportedValuesOf' in Intl ? Intl.supportedValuesOf('timeZone') : [timeZone.peek()];
  const all = current && !known.includes(current) ? [current, ...known] : known;
  return [...(current ? [] : [['', 'As yours'] as [string, string]]), ...all.map((zone): [string, string] => [zone, zone.replaceAll('_', ' ')])];
}
