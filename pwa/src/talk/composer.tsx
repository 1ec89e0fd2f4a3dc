/** Where a message is written: at the thumb, with colleagues after an `@`, and with what is on the briefing or a photo attached. */
import { useSignal } from '@preact/signals';
import { useId, useRef } from 'preact/hooks';
import { showLine, plain } from '../briefing/text';
import type { Attached, Colleague, Line } from '../store/rows';
import { phoneNow } from '../store/sync';
import { now, timeZone } from '../ui/clock';
import { onWire } from '../ui/dates';
import { Icon } from '../ui/icons';
import { most } from '../ui/limits';
import { newId, save, write } from '../ui/save';
import { SAVED, say } from '../ui/said';
import { useTyped, type Typed } from '../ui/typed';
import { madeToFit, photoWrites, type NewPhoto } from '../visits/photos';
import { askedFor, completed, matching, mentioned } from './mentions';
import { writtenAfter, type Thread } from './reads';

export interface MessageDraft {
  text: string;
  lines: Extract<Attached, { kind: 'line' }>[];
  photos: NewPhoto[];
}

interface ComposerProps {
  thread: Thread;
  path: string;
  typed: Typed<MessageDraft> | null;
}

const EMPTY: MessageDraft = { text: '', lines: [], photos: [] };
/** Lines that are offered: the first of the briefing. */
const OFFERED = 8;

export function Composer({ thread, path, typed }: ComposerProps) {
  const { account, visit, colleagues } = thread;
  const draft = useTyped(path, `Message about ${account.name}`, EMPTY, typed);
  const { value, change } = draft;
  const { text, lines, photos } = value.value;
  const cursor = useSignal(text.length);
  const panel = useSignal<'none' | 'lines' | 'people'>('none');
  const field = useRef<HTMLTextAreaElement>(null);
  const id = useId();
  const asked = askedFor(text, cursor.value);
  const found = asked ? matching(colleagues, asked.query).slice(0, 6) : [];

  const type = (area: HTMLTextAreaElement) => {
    cursor.value = area.selectionStart;
    change({ text: area.value });
  };
  const put = (next: { text: string; cursor: number }) => {
    change({ text: next.text });
    cursor.value = next.cursor;
    requestAnimationFrame(() => {
      field.current?.focus();
      field.current?.setSelectionRange(next.cursor, next.cursor);
    });
  };
  const pick = ({ name }: Colleague) => {
    put(asked ? completed(text, cursor.value, asked.from, name) : completed(`${text}${text && !text.endsWith(' ') ? ' ' : ''}@`, text.length + 2, text.length + (text && !text.endsWith(' ') ? 1 : 0), name));
    panel.value = 'none';
  };
  const send = async (event: Event) => {
    event.preventDefault();
    if (!text.trim() && photos.length + lines.length === 0) return field.current?.focus();
    const place = { account_id: account.id, ...(visit && { visit_id: visit.id }) };
    const attached: Attached[] = [...lines, ...photos.map((one): Attached => ({ kind: 'attachment', id: one.id }))];
    const mentions = mentioned(text, colleagues);
    const message = {
      id: newId(), ...place, text: text.trim() || (photos.length > 0 ? 'Photo' : 'From the briefing'), written_at: onWire(writtenAfter(thread.messages, phoneNow())),
      ...(mentions.length > 0 && { mentions }), ...(attached.length > 0 && { attached }),
    };
    const taken = await photoWrites(place, photos);
    await save([...taken.writes, write('message.post', message)], SAVED, taken.bytes, draft);
    value.value = EMPTY;
    cursor.value = 0;
  };
  const addPhoto = async (event: Event) => {
    const input = event.currentTarget as HTMLInputElement;
    const [file] = [...(input.files ?? [])];
    input.value = '';
    const fits = file && (await madeToFit(file));
    if (typeof fits === 'string') say(fits);
    else if (fits) change({ photos: [...photos, fits] });
  };
  const toggle = (which: 'lines' | 'people') => (panel.value = panel.value === which ? 'none' : which);
  return (
    <form class="composer" onSubmit={(event) => void send(event)} aria-label="Write a message">
      {(found.length > 0 || panel.value === 'people') && (
        <People people={found.length > 0 ? found : colleagues} onPick={pick} />
      )}
      {panel.value === 'lines' && (
        <Lines
          thread={thread}
          onPick={(line) => {
            change({ lines: [...lines, line] });
            panel.value = 'none';
          }}
        />
      )}
      {(lines.length > 0 || photos.length > 0) && (
        <ul class="chips attached">
          {lines.map((one) => (
            <li key={one.label}>
              <button class="chip" type="button" aria-label={`Remove: ${one.label}`} onClick={() => change({ lines: lines.filter((other) => other !== one) })}>
                <span>{one.label}</span>
                <Icon name="close" />
              </button>
            </li>
          ))}
          {photos.map((one) => (
            <li key={one.id}>
              <button class="chip" type="button" aria-label={`Remove: ${one.name}`} onClick={() => change({ photos: photos.filter((other) => other !== one) })}>
                <span>{one.name}</span>
                <Icon name="close" />
              </button>
            </li>
          ))}
        </ul>
      )}
      <label class="unseen" for={id}>
        Message
      </label>
      <textarea
        ref={field} id={id} rows={1} value={text} placeholder="Write to colleagues, @ for whom" maxLength={most('message.post', 'text')}
        autocapitalize="sentences" spellcheck onInput={(event) => type(event.currentTarget)}
        onKeyUp={(event) => (cursor.value = event.currentTarget.selectionStart)} onClick={(event) => (cursor.value = event.currentTarget.selectionStart)}
        onKeyDown={(event) => (event.ctrlKey || event.metaKey) && event.key === 'Enter' && void send(event)}
      />
      <div class="tools">
        <button class="round" type="button" aria-label="Mention a colleague" aria-expanded={panel.value === 'people'} onClick={() => toggle('people')}>
          @
        </button>
        {(thread.briefing?.cards.length ?? 0) > 0 && (
          <button class="round" type="button" aria-label="Attach a line of the briefing" aria-expanded={panel.value === 'lines'} onClick={() => toggle('lines')}>
            <Icon name="link" />
          </button>
        )}
        <label class="round filepick">
          <span class="unseen">Attach a photo</span>
          <input type="file" accept="image/*,application/pdf" onChange={(event) => void addPhoto(event)} />
          <Icon name="photo" />
        </label>
        <button class="btn" type="submit">
          Send
        </button>
      </div>
    </form>
  );
}

function People({ people, onPick }: { people: Colleague[]; onPick: (one: Colleague) => void }) {
  if (people.length === 0) return <p class="soft">Nobody else works on this account.</p>;
  return (
    <ul class="chips" aria-label="Colleagues">
      {people.map((one) => (
        <li key={one.id}>
          <button class="chip" type="button" onClick={() => onPick(one)}>
            {one.name}
          </button>
        </li>
      ))}
    </ul>
  );
}

function Lines({ thread, onPick }: { thread: Thread; onPick: (line: MessageDraft['lines'][number]) => void }) {
  const zone = thread.visit?.time_zone ?? thread.account.time_zone ?? timeZone.value;
  const lines = (thread.briefing?.cards ?? []).flatMap((card) => card.lines ?? []).slice(0, OFFERED);
  const offered = lines.flatMap((line: Line) => {
    const shown = showLine(line, now.value, zone);
    return shown ? [{ line, label: plain(shown.claim) }] : [];
  });
  return (
    <ul class="pickline" aria-label="Lines of the briefing">
      {offered.map(({ line, label }) => (
        <li key={label}>
          <button class="row" type="button" onClick={() => onPick({ kind: 'line', line: { kind: line.kind, facts: line.facts }, label: label.slice(0, 1000) })}>
            <span class="sign info" aria-hidden="true">
              <Icon name="add" />
            </span>
            <span>{label}</span>
          </button>
        </li>
      ))}
    </ul>
  );
}
