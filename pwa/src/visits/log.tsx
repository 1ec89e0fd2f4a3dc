/** Log a visit: how it went, who was there, what was said, what comes next and what was promised. Planned, or walked in. */
import { phoneNow } from '../store/sync';
import type { Account, Person, Visit } from '../store/rows';
import { NewPeople, newPersonWrites, personChips, type NewPerson } from '../accounts/new-people';
import { NewPromises, promiseWrites, type NewPromise } from '../accounts/new-promises';
import { now, timeZone, today } from '../ui/clock';
import { dayName, instantAt, localDay, onWire, timeOfDay } from '../ui/dates';
import { Chips, Day, filled, FormScreen, ManyChips, Prose, Text, type Wrong } from '../ui/form';
import { most } from '../ui/limits';
import { newId, saveAndLeave, write, type Write } from '../ui/save';
import { useTyped, type Typed } from '../ui/typed';
import { Photos, photoWrites, type NewPhoto } from './photos';

export interface LogDraft {
  outcome: string;
  attendees: string[];
  added: NewPerson[];
  notes: string;
  next_step: string;
  promises: NewPromise[];
  photos: NewPhoto[];
  when: 'now' | 'planned' | 'other';
  day: string;
  time: string;
}

export interface LogFor {
  account: Account;
  people: Person[];
  /** null for a visit that nobody planned */
  visit: Visit | null;
}

const OUTCOMES = ['Went well', 'Interested', 'Wants a quote', 'Has a problem', 'No decision yet', 'Nobody there'];
/** A visit that nobody planned is taken to have been as long as this when it is logged. */
const WALK_IN_MS = 30 * 60_000;

export function LogScreen({ about, path, typed }: { about: LogFor; path: string; typed: Typed<LogDraft> | null }) {
  const { account, people, visit } = about;
  const draft = useTyped(path, `Visit at ${account.name}`, empty(visit), typed);
  const { value, change } = draft;
  const form = value.value;
  const back = visit ? { href: `/visits/${visit.id}`, label: account.name } : { href: `/accounts/${account.id}`, label: account.name };
  const known = OUTCOMES.includes(form.outcome) ? form.outcome : null;
  const save = async () => {
    const id = visit?.id ?? newId();
    const form = value.peek(); // as it is now: leaving a field may have added to it
    const taken = await photoWrites({ account_id: account.id, visit_id: id }, form.photos);
    await saveAndLeave([...writesOf(form, about, id), ...taken.writes], `/visits/${id}`, draft, taken.bytes);
  };
  return (
    <FormScreen title={visit ? 'Log visit' : 'Log a walk-in'} sub={sub(about)} back={back} check={() => check(form)} onSave={save}>
      {(wrong) => (
        <>
          <section class="card">
            <Chips
              legend="How did it go?" options={OUTCOMES.map((one) => ({ value: one, label: one }))} value={known}
              onPick={(outcome) => change({ outcome: outcome ?? '' })} optional
            />
            <Text
              label="In your own words" value={known ? '' : form.outcome} maxLength={most('visit.log', 'outcome')} autocapitalize="sentences" spellcheck
              onText={(outcome) => change({ outcome })}
            />
          </section>
          <section class="card">
            <ManyChips
              legend="Who was there?" options={personChips(people, form.added)} values={form.attendees}
              onPick={(attendees) => change({ attendees })}
            >
              <NewPeople added={form.added} onAdd={(one) => change({ added: [...form.added, one], attendees: [...form.attendees, one.id] })} />
            </ManyChips>
          </section>
          <section class="card">
            <Prose label="Notes" value={form.notes} onText={(notes) => change({ notes })} rows={6} most={most('visit.log', 'notes')} hint="Type, or use the microphone of your keyboard." />
          </section>
          <section class="card">
            <Text
              label="Next step" value={form.next_step} onText={(next_step) => change({ next_step })} maxLength={most('visit.log', 'next_step')}
              autocapitalize="sentences" spellcheck
            />
          </section>
          <NewPromises
            promises={form.promises} people={personChips(people, form.added)} wrong={wrong}
            onChange={(promises) => change({ promises })}
          />
          <Photos photos={form.photos} onChange={(photos) => change({ photos })} />
          <When form={form} change={change} visit={visit} wrong={wrong} />
        </>
      )}
    </FormScreen>
  );
}

function empty(visit: Visit | null): LogDraft {
  return {
    outcome: '', attendees: visit?.attendee_ids ?? [], added: [], notes: '', next_step: '', promises: [], photos: [],
    when: visit && Date.parse(visit.ends_at) < now.peek().getTime() ? 'planned' : 'now',
    day: localDay(now.peek(), timeZone.peek()), time: timeOfDay(now.peek(), timeZone.peek()),
  };
}

function sub({ account, visit }: LogFor): string {
  if (!visit) return account.name;
  const at = new Date(visit.starts_at);
  return `${account.name} · ${dayName(localDay(at, visit.time_zone), today.value)} ${timeOfDay(at, visit.time_zone)}`;
}

interface WhenProps {
  form: LogDraft;
  change: (part: Partial<LogDraft>) => void;
  visit: Visit | null;
  wrong: Wrong;
}

function When({ form, change, visit, wrong }: WhenProps) {
  const options = [
    { value: 'now' as const, label: 'Just now' },
    ...(visit && Date.parse(visit.ends_at) <= now.value.getTime() ? [{ value: 'planned' as const, label: `As planned, ${timeOfDay(new Date(visit.ends_at), visit.time_zone)}` }] : []),
    { value: 'other' as const, label: 'Another time' },
  ];
  return (
    <section class="card">
      <Chips legend="When did it end?" options={options} value={form.when} onPick={(when) => change({ when: when ?? 'now' })} />
      {form.when === 'other' && (
        <>
          <Day legend="Day" value={form.day} onDay={(day) => change({ day })} quick={[0, -1, -2]} wrong={wrong['day']} />
          <Text label="Time" type="time" value={form.time} onText={(time) => change({ time })} wrong={wrong['time']} />
        </>
      )}
    </section>
  );
}

function check(form: LogDraft): Wrong {
  const wrong: Wrong = {};
  if (form.when === 'other' && !form.day) wrong['day'] = 'Say on which day it was.';
  if (form.when === 'other' && !form.time) wrong['time'] = 'Say at what time it ended.';
  form.promises.forEach((one, index) => {
    if (!one.text.trim()) wrong[`promise ${index}`] = 'Say what you promised, or remove it.';
    else if (!one.due_on) wrong[`due ${index}`] = 'Say by when you promised it.';
  });
  return wrong;
}

/** When it ended, as an instant. */
function doneAt(form: LogDraft, visit: Visit | null): Date {
  const zone = visit?.time_zone ?? timeZone.value;
  if (form.when === 'planned' && visit) return new Date(visit.ends_at);
  return form.when === 'other' ? instantAt(form.day, form.time, zone) : phoneNow();
}

function writesOf(form: LogDraft, { account, visit }: LogFor, id: string): Write[] {
  const ended = doneAt(form, visit);
  const place = { account_id: account.id, visit_id: id };
  const there = form.added.filter((one) => form.attendees.includes(one.id) || form.promises.some((promise) => promise.person_id === one.id));
  return [
    ...newPersonWrites(account.id, there),
    ...(visit ? [] : [planWrite(id, account, ended)]),
    write('visit.log', {
      id, done_at: onWire(ended),
      ...filled({ outcome: form.outcome.trim(), attendee_ids: form.attendees, notes: form.notes.trim(), next_step: form.next_step.trim() }),
    }),
    ...promiseWrites(place, form.promises),
  ];
}

function planWrite(id: string, account: Account, ended: Date): Write {
  return write('visit.plan', {
    id, account_id: account.id, time_zone: account.time_zone ?? timeZone.value,
    starts_at: onWire(new Date(ended.getTime() - WALK_IN_MS)), ends_at: onWire(ended),
  });
}
