/** The pieces of every form: one column, large targets, native fields, and saving at the thumb. */
import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import type { IsoDate } from '../store/rows';
import { today } from './clock';
import { addDays, dayDistance, weekday } from './dates';
import { Screen } from './frame';

/** What is wrong with a form, by field; empty when it can be saved. */
export type Wrong = Record<string, string>;

interface FormProps {
  title: string;
  sub?: ComponentChildren;
  back: { href: string; label: string };
  /** what the button at the thumb says */
  save?: string;
  /** what keeps this from being saved, asked when the rep saves */
  check?: () => Wrong;
  onSave: () => Promise<void>;
  /** beside the button: what else can be done */
  aside?: ComponentChildren;
  children: (wrong: Wrong) => ComponentChildren;
}

export function FormScreen({ title, sub, back, save = 'Save', check, onSave, aside, children }: FormProps) {
  const form = useRef<HTMLFormElement>(null);
  const [wrong, setWrong] = useState<Wrong>({});
  const [failed, setFailed] = useState('');
  const busy = useRef(false);
  const id = useId();
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    if (busy.current) return;
    const found = check?.() ?? {};
    setWrong((before) => (Object.keys({ ...before, ...found }).length > 0 ? found : before));
    if (Object.keys(found).length > 0) return;
    busy.current = true;
    try {
      await onSave();
    } catch (error) {
      console.error(error);
      setFailed('This could not be saved on this phone. What you typed is still here: try again.');
    } finally {
      busy.current = false;
    }
  };
  useEffect(() => form.current?.querySelector<HTMLElement>('[aria-invalid=true]')?.focus(), [wrong]);
  return (
    <Screen
      title={title} sub={sub} back={back}
      bar={
        <>
          {aside}
          <button class="btn" type="submit" form={id}>
            {save}
          </button>
        </>
      }
    >
      <form ref={form} id={id} class="form" noValidate onSubmit={submit} onKeyDown={stayOnEnter}>
        {children(wrong)}
        <p class="problem" role="alert">
          {failed || (Object.keys(wrong).length > 0 ? Object.values(wrong).join(' ') : '')}
        </p>
      </form>
    </Screen>
  );
}

/** "Done" on a phone's keyboard ends the field, not the form: half a report must not be sent by it. Ctrl+Enter saves. */
function stayOnEnter(event: KeyboardEvent): void {
  const target = event.target as HTMLElement;
  if (event.key !== 'Enter') return;
  if (event.ctrlKey || event.metaKey) {
    event.preventDefault();
    (event.currentTarget as HTMLFormElement).requestSubmit();
  } else if (target instanceof HTMLInputElement && !['checkbox', 'radio', 'file'].includes(target.type)) {
    event.preventDefault();
    target.blur();
  }
}

interface FieldProps {
  label: string;
  value: string;
  onText: (text: string) => void;
  hint?: string | undefined;
  wrong?: string | undefined;
}

interface TextProps extends FieldProps {
  type?: 'text' | 'tel' | 'email' | 'url' | 'date' | 'time';
  maxLength?: number;
  placeholder?: string;
  autocapitalize?: 'off' | 'sentences' | 'words';
  spellcheck?: boolean;
  inputMode?: 'numeric' | 'decimal';
}

export function Text({ label, value, onText, hint, wrong, type = 'text', ...rest }: TextProps) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input
        id={id} type={type as 'text'} value={value} autocomplete="off" enterkeyhint="done" {...rest} {...described(id, hint, wrong)}
        onInput={(event) => onText(event.currentTarget.value)}
      />
      <Below id={id} hint={hint} wrong={wrong} />
    </div>
  );
}

/** Room for spoken or typed prose: grows with its text, starts sentences with a capital, checks the spelling. */
export function Prose({ label, value, onText, hint, wrong, rows = 3, most }: FieldProps & { rows?: number; most: number }) {
  const id = useId();
  const field = useRef<HTMLTextAreaElement>(null);
  useEffect(() => {
    const area = field.current;
    if (!area || CSS.supports('field-sizing', 'content')) return;
    area.style.height = 'auto';
    area.style.height = `${area.scrollHeight + 2}px`;
  }, [value]);
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <textarea
        ref={field} id={id} value={value} rows={rows} maxLength={most} autocapitalize="sentences" spellcheck {...described(id, hint, wrong)}
        onInput={(event) => onText(event.currentTarget.value)}
      />
      <Below id={id} hint={hint} wrong={wrong} />
    </div>
  );
}

interface SelectProps extends FieldProps {
  options: readonly (readonly [value: string, label: string])[];
}

export function Select({ label, value, onText, hint, wrong, options }: SelectProps) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <select id={id} value={value} {...described(id, hint, wrong)} onChange={(event) => onText(event.currentTarget.value)}>
        {options.map(([option, words]) => (
          <option key={option} value={option}>
            {words}
          </option>
        ))}
      </select>
      <Below id={id} hint={hint} wrong={wrong} />
    </div>
  );
}

const described = (id: string, hint?: string, wrong?: string) => ({
  ...(hint || wrong ? { 'aria-describedby': `${id}-below` } : {}),
  ...(wrong ? { 'aria-invalid': true as const } : {}),
});

function Below({ id, hint, wrong }: { id: string; hint?: string | undefined; wrong?: string | undefined }) {
  if (!hint && !wrong) return null;
  return (
    <span id={`${id}-below`} class={wrong ? 'wrong' : 'src'}>
      {wrong ?? hint}
    </span>
  );
}

interface ChipsProps<T extends string> {
  legend: string;
  options: readonly { value: T; label: string }[];
  hint?: string | undefined;
  children?: ComponentChildren;
}

/** One of a few; a second tap takes it back where nothing is an answer too. */
export function Chips<T extends string>({
  legend, options, value, onPick, hint, optional = false, children,
}: ChipsProps<T> & { value: T | null; onPick: (value: T | null) => void; optional?: boolean }) {
  const name = useId();
  return (
    <ChipSet legend={legend} hint={hint} extra={children}>
      {options.map((option) => (
        <label key={option.value}>
          <input
            type="radio" name={name} checked={option.value === value} onChange={() => onPick(option.value)}
            onClick={() => optional && option.value === value && onPick(null)}
          />
          {option.label}
        </label>
      ))}
    </ChipSet>
  );
}

/** Any of a few. */
export function ManyChips<T extends string>({
  legend, options, values, onPick, hint, children,
}: ChipsProps<T> & { values: readonly T[]; onPick: (values: T[]) => void }) {
  const toggle = (one: T, input: HTMLInputElement) => {
    onPick(values.includes(one) ? values.filter((other) => other !== one) : [...values, one]);
    input.checked = values.includes(one); // as it was, where the tap was not taken; else it is drawn anew
  };
  return (
    <ChipSet legend={legend} hint={hint} extra={children}>
      {options.map((option) => (
        <label key={option.value}>
          <input type="checkbox" checked={values.includes(option.value)} onChange={(event) => toggle(option.value, event.currentTarget)} />
          {option.label}
        </label>
      ))}
    </ChipSet>
  );
}

function ChipSet(props: { legend: string; hint?: string | undefined; extra?: ComponentChildren; children: ComponentChildren }) {
  return (
    <fieldset class="field">
      <legend>{props.legend}</legend>
      {props.hint && <p class="src">{props.hint}</p>}
      <div class="chips">
        {props.children}
        {props.extra}
      </div>
    </fieldset>
  );
}

interface DayProps {
  legend: string;
  value: IsoDate | '';
  onDay: (day: IsoDate | '') => void;
  /** days from today that are one tap away; the rest is a calendar */
  quick?: readonly number[];
  wrong?: string | undefined;
}

const AHEAD = [0, 1, 2, 7, 14, 30] as const;

/** A day: the likely ones one tap away, any other from the phone's own calendar. */
export function Day({ legend, value, onDay, quick = AHEAD, wrong }: DayProps) {
  const days = quick.map((distance) => ({ value: addDays(today.value, distance), label: quickName(distance) }));
  const picked = days.find((one) => one.value === value)?.value ?? null;
  return (
    <div class="field">
      <Chips legend={legend} options={days} value={picked} onPick={(day) => onDay(day ?? '')} optional />
      <Text label="Another day" type="date" value={value} onText={onDay} wrong={wrong} hint={value ? dayWords(value) : undefined} />
    </div>
  );
}

const PAST: Record<number, string> = { [-7]: 'A week ago', [-30]: 'A month ago' };
const LONG: Record<number, string> = { 91: 'In 3 months', 182: 'In half a year', 365: 'In a year' };

function quickName(distance: number): string {
  if (distance === 0) return 'Today';
  if (distance === 1) return 'Tomorrow';
  if (distance === -1) return 'Yesterday';
  if (distance < 0) return PAST[distance] ?? `${-distance} days ago`;
  if (distance < 7) return weekday(addDays(today.value, distance));
  if (distance === 7) return 'In a week';
  if (distance < 28) return `In ${distance / 7} weeks`;
  return LONG[distance] ?? 'In a month';
}

/** `Thursday, in 12 days`: what the calendar's figures mean. */
function dayWords(day: IsoDate): string {
  const distance = dayDistance(today.value, day);
  if (Number.isNaN(distance)) return '';
  const away = Math.abs(distance) === 1 ? '1 day' : `${Math.abs(distance)} days`;
  return distance === 0 ? `${weekday(day)}, today` : distance > 0 ? `${weekday(day)}, in ${away}` : `${weekday(day)}, ${away} ago`;
}

/** Members that hold something; what was left empty is left out. */
export function filled<T extends Record<string, unknown>>(fields: T): Partial<T> {
  const empty = (value: unknown) => value === '' || value === null || value === undefined || (Array.isArray(value) && value.length === 0);
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => !empty(value))) as Partial<T>;
}

/** What differs between what the phone showed and what the rep left in the form: the new values, and the ones they were; empty is null. */
export function changes<T extends object>(before: T, after: T): { fields: Record<string, unknown>; base: Record<string, unknown> } | null {
  const fields: Record<string, unknown> = {};
  const base: Record<string, unknown> = {};
  for (const name of Object.keys(after)) {
    const [was, is] = [before, after].map((all) => orNull((all as Record<string, unknown>)[name]));
    if (JSON.stringify(was) === JSON.stringify(is)) continue;
    fields[name] = is;
    base[name] = was;
  }
  return Object.keys(fields).length > 0 ? { fields, base } : null;
}

function orNull(value: unknown): unknown {
  if (typeof value === 'string') return value.trim() || null;
  return value === undefined ? null : value;
}
