/** Plan a visit, or move one: when, where, with whom, what for. */
import type { Account, Person, Visit } from '../store/rows';
import { phoneNow } from '../store/sync';
import { addressText } from '../accounts/directions';
import { NewPeople, newPersonWrites, personChips, type NewPerson } from '../accounts/new-people';
import { timeZone, today } from '../ui/clock';
import { addDays, dayName, instantAt, localDay, onWire, timeOfDay } from '../ui/dates';
import { changes, Chips, Day, filled, FormScreen, ManyChips, Text, type Wrong } from '../ui/form';
import { most } from '../ui/limits';
import { newId, saveAndLeave, write, type Write } from '../ui/save';
import { useTyped, type Typed } from '../ui/typed';

export interface PlanDraft {
  day: string;
  time: string;
  minutes: string;
  place: string;
  purpose: string;
  attendees: string[];
  added: NewPerson[];
}

const LENGTHS = ['30', '45', '60', '90', '120'] as const;
const words = (minutes: string): string => (Number(minutes) < 60 ? `${minutes} min` : `${Number(minutes) / 60} h`.replace('.5', ' ½'));

interface PlanProps {
  account: Account;
  people: Person[];
  /** the visit that is moved; null plans a new one */
  visit: Visit | null;
  path: string;
  typed: Typed<PlanDraft> | null;
}

export function PlanScreen({ account, people, visit, path, typed }: PlanProps) {
  const zone = visit?.time_zone ?? account.time_zone ?? timeZone.value;
  const title = visit ? 'Move visit' : 'Plan a visit';
  const draft = useTyped(path, `${title}: ${account.name}`, visit ? planned(visit, zone) : unplanned(account), typed);
  const { value, change } = draft;
  const form = value.value;
  const lengths = LENGTHS.includes(form.minutes as never) ? LENGTHS : [...LENGTHS, form.minutes];
  const back = visit ? { href: `/visits/${visit.id}`, label: account.name } : { href: `/accounts/${account.id}`, label: account.name };
  const save = async () => {
    const id = visit?.id ?? newId();
    await saveAndLeave(writesOf(value.peek(), account, visit, id, zone), `/visits/${id}`, draft);
  };
  return (
    <FormScreen title={title} sub={sub(account, zone)} back={back} check={() => check(form, zone)} onSave={save}>
      {(wrong) => (
        <>
          <section class="card">
            <Day legend="Day" value={form.day} onDay={(day) => change({ day })} quick={[0, 1, 2, 3, 7, 14]} wrong={wrong['day']} />
            <Text label="Begins at" type="time" value={form.time} onText={(time) => change({ time })} wrong={wrong['time']} />
            <Chips
              legend="How long" options={lengths.map((one) => ({ value: one as string, label: words(one) }))} value={form.minutes}
              onPick={(minutes) => change({ minutes: minutes ?? '60' })}
            />
          </section>
          <section class="card">
            <Text label="Where" value={form.place} onText={(place) => change({ place })} maxLength={most('visit.plan', 'place')} />
            <Text
              label="What for" value={form.purpose} onText={(purpose) => change({ purpose })} maxLength={most('visit.plan', 'purpose')}
              autocapitalize="sentences" spellcheck
            />
          </section>
          <section class="card">
            <ManyChips
              legend="With whom" options={personChips(people, form.added)} values={form.attendees} onPick={(attendees) => change({ attendees })}
            >
              <NewPeople added={form.added} onAdd={(one) => change({ added: [...form.added, one], attendees: [...form.attendees, one.id] })} />
            </ManyChips>
          </section>
        </>
      )}
    </FormScreen>
  );
}

function sub(account: Account, zone: string): string {
  const other = zone === timeZone.value ? null : `times are those of ${zone.split('/').at(-1)?.replaceAll('_', ' ')}`;
  return [account.name, other].filter(Boolean).join(' · ');
}

const unplanned = (account: Account): PlanDraft => ({
  day: addDays(today.peek(), 1), time: '09:00', minutes: '60', place: addressText(account.address) ?? '', purpose: '', attendees: [], added: [],
});

function planned(visit: Visit, zone: string): PlanDraft {
  const start = new Date(visit.starts_at);
  return {
    day: localDay(start, zone), time: timeOfDay(start, zone),
    minutes: String(Math.round((Date.parse(visit.ends_at) - start.getTime()) / 60_000)),
    place: visit.place ?? '', purpose: visit.purpose ?? '', attendees: visit.attendee_ids ?? [], added: [],
  };
}

function check(form: PlanDraft, zone: string): Wrong {
  if (!form.day) return { day: 'Say on which day.' };
  if (!form.time) return { time: 'Say at what time it begins.' };
  return form.day < localDay(phoneNow(), zone) ? { day: `${dayName(form.day, today.peek())} is over: plan it for today or later.` } : {};
}

function writesOf(form: PlanDraft, account: Account, visit: Visit | null, id: string, zone: string): Write[] {
  const start = instantAt(form.day, form.time, zone);
  const end = new Date(start.getTime() + Number(form.minutes) * 60_000);
  const when = { starts_at: onWire(start), ends_at: onWire(end), time_zone: zone };
  const rest = { place: form.place.trim(), purpose: form.purpose.trim(), attendee_ids: form.attendees };
  const people = newPersonWrites(account.id, form.added.filter((one) => form.attendees.includes(one.id)));
  if (!visit) return [...people, write('visit.plan', { id, account_id: account.id, ...when, ...filled(rest) })];
  const before = {
    starts_at: onWire(new Date(visit.starts_at)), ends_at: onWire(new Date(visit.ends_at)), time_zone: visit.time_zone,
    place: visit.place ?? '', purpose: visit.purpose ?? '', attendee_ids: visit.attendee_ids ?? [],
  };
  const changed = changes(before, { ...when, ...rest });
  return changed ? [...people, write('visit.change', { id, ...changed })] : people;
}
