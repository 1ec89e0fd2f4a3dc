/** A note: something worth writing down about an account or at a visit. It stays as it was written. */
import type { Account } from '../store/rows';
import { phoneNow } from '../store/sync';
import { onWire } from '../ui/dates';
import { FormScreen, Prose } from '../ui/form';
import { most } from '../ui/limits';
import { newId, saveAndLeave, write } from '../ui/save';
import { useTyped, type Typed } from '../ui/typed';
import { Photos, photoWrites, type NewPhoto } from './photos';

export interface NoteDraft {
  text: string;
  photos: NewPhoto[];
}

interface NoteProps {
  account: Account;
  visitId: string | null;
  path: string;
  typed: Typed<NoteDraft> | null;
}

export function NoteScreen({ account, visitId, path, typed }: NoteProps) {
  const draft = useTyped<NoteDraft>(path, `Note about ${account.name}`, { text: '', photos: [] }, typed);
  const { value, change } = draft;
  const { text, photos } = value.value;
  const to = visitId ? `/visits/${visitId}` : `/accounts/${account.id}`;
  const place = { account_id: account.id, ...(visitId && { visit_id: visitId }) };
  const save = async () => {
    const note = { id: newId(), ...place, text: text.trim(), written_at: onWire(phoneNow()) };
    const taken = await photoWrites(place, photos);
    await saveAndLeave([...(text.trim() ? [write('note.add', note)] : []), ...taken.writes], to, draft, taken.bytes);
  };
  const check = () => (text.trim() || photos.length > 0 ? {} : { text: 'There is nothing to save yet.' });
  return (
    <FormScreen title="Note" sub={account.name} back={{ href: to, label: account.name }} check={check} onSave={save}>
      {(wrong) => (
        <>
          <section class="card">
            <Prose
              label="Note" value={text} onText={(one) => change({ text: one })} rows={8} most={most('note.add', 'text')}
              hint="Type, or use the microphone of your keyboard." wrong={wrong['text']}
            />
          </section>
          <Photos photos={photos} onChange={(all) => change({ photos: all })} />
        </>
      )}
    </FormScreen>
  );
}
