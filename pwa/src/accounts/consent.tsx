/** Record what somebody allowed or withdrew: for which channel, when, and how we know. Records are added, never changed. */
import type { Channel, Person } from '../store/rows';
import { phoneNow } from '../store/sync';
import { onWire } from '../ui/dates';
import { Chips, FormScreen, Text } from '../ui/form';
import { most } from '../ui/limits';
import { newId, saveAndLeave, write } from '../ui/save';
import { useTyped, type Typed } from '../ui/typed';

export interface ConsentDraft {
  channel: Channel | '';
  status: 'granted' | 'withdrawn' | '';
  source: string;
}

export const CHANNELS: { value: Channel; label: string }[] = [
  { value: 'phone', label: 'Calls' },
  { value: 'email', label: 'E-mail' },
  { value: 'sms', label: 'Text messages' },
  { value: 'visit', label: 'Visits' },
];
const ANSWERS = [
  { value: 'granted', label: 'Allows it' },
  { value: 'withdrawn', label: 'Does not want it' },
] as const;
const SOURCES = ['Said at a visit', 'Said on the phone', 'Wrote it', 'Signed a form'].map((one) => ({ value: one, label: one }));

export function ConsentForm({ person, path, typed }: { person: Person; path: string; typed: Typed<ConsentDraft> | null }) {
  const draft = useTyped<ConsentDraft>(path, `Consent of ${person.name}`, { channel: '', status: '', source: '' }, typed);
  const { value, change } = draft;
  const form = value.value;
  const to = `/people/${person.id}`;
  const known = SOURCES.some((one) => one.value === form.source) ? form.source : null;
  const save = async () => {
    const { channel, status } = form;
    if (!channel || !status) return;
    const args = { id: newId(), person_id: person.id, channel, status, source: form.source.trim(), recorded_at: onWire(phoneNow()) };
    await saveAndLeave([write('consent.record', args)], to, draft);
  };
  const check = () => ({
    ...(form.channel ? {} : { channel: 'Say what it is about.' }),
    ...(form.status ? {} : { status: 'Say what they want.' }),
    ...(form.source.trim() ? {} : { source: 'Say how you know.' }),
  });
  return (
    <FormScreen title="Consent" sub={person.name} back={{ href: to, label: person.name }} check={check} onSave={save}>
      {(wrong) => (
        <section class="card">
          <Chips legend="What is it about?" options={CHANNELS} value={form.channel || null} onPick={(channel) => change({ channel: channel ?? '' })} />
          <Chips legend={`${person.name}`} options={ANSWERS} value={form.status || null} onPick={(status) => change({ status: status ?? '' })} />
          <Chips legend="How do you know?" options={SOURCES} value={known} onPick={(source) => change({ source: source ?? '' })} optional />
          <Text
            label="In other words" value={known ? '' : form.source} onText={(source) => change({ source })} wrong={wrong['source']}
            maxLength={most('consent.record', 'source')} autocapitalize="sentences"
          />
          <p class="soft">Recorded with today’s date and your name. Earlier records stay.</p>
        </section>
      )}
    </FormScreen>
  );
}
