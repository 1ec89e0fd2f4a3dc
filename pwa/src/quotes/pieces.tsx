/** Small pieces that several quoting screens share. */
import type { ComponentChildren } from 'preact';
import { useEffect, useId, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { Icon } from '../ui/icons';

/** A sheet at the thumb. It is in the page only while it is open. */
export function Sheet({ title, onClose, children }: { title: string; onClose: () => void; children: ComponentChildren }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useLayoutEffect(() => {
    const { current } = dialog;
    if (!current?.open) current?.showModal();
    return () => current?.close();
  }, []);
  return (
    <dialog ref={dialog} aria-labelledby={id} onClose={onClose} onClick={(event) => event.target === dialog.current && onClose()}>
      <div class="sheet">
        <h2 id={id} class="plain">
          {title}
        </h2>
        {children}
        <button class="btn ghost wide" type="button" onClick={onClose}>
          Close
        </button>
      </div>
    </dialog>
  );
}

interface StepperProps {
  label: string;
  /** a whole number as text */
  value: string;
  min: number;
  max: number;
  step?: number;
  unit?: string | undefined;
  onStep: (value: string) => void;
}

/** A whole number, one tap up or down, or typed. What is beyond its ends is said, not dead. */
export function Stepper({ label, value, min, max, step = 1, unit, onStep }: StepperProps) {
  const id = useId();
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  const now = Number.parseInt(value, 10) || 0;
  const put = (next: number) => next >= min && next <= max && onStep(String(next));
  const typed = (entered: string) => {
    setText(entered);
    const next = Number(entered);
    if (entered.trim() && Number.isSafeInteger(next) && (next - min) % step === 0) put(next);
  };
  return (
    <div class="field">
      <label for={id}>
        {label}
        {unit ? `, ${unit}` : ''}
      </label>
      <div class="stepper">
        <button class="round" type="button" aria-label={`${label}: fewer`} aria-disabled={now - step < min} onClick={() => put(now - step)}>
          <Icon name="less" />
        </button>
        <input id={id} inputMode="numeric" autocomplete="off" enterkeyhint="done" value={text} onInput={(event) => typed(event.currentTarget.value)} onBlur={() => setText(value)} />
        <button class="round" type="button" aria-label={`${label}: more`} aria-disabled={now + step > max} onClick={() => put(now + step)}>
          <Icon name="add" />
        </button>
      </div>
    </div>
  );
}

export function Check({ label, detail, checked, onCheck }: { label: string; detail?: string | undefined; checked: boolean; onCheck: (checked: boolean) => void }) {
  return (
    <label class="check">
      <input type="checkbox" checked={checked} onChange={(event) => onCheck(event.currentTarget.checked)} />
      <span>
        {label}
        {detail && <span class="src">{detail}</span>}
      </span>
    </label>
  );
}

/** One of a few, side by side, each with what it means under its name. */
export function Options<T extends string>({ label, options, value, onPick }: {
  label: string;
  options: readonly { value: T; name: string; detail?: string | undefined; more?: string | undefined }[];
  value: T;
  onPick: (value: T) => void;
}) {
  return (
    <div class="opts" role="group" aria-label={label}>
      {options.map((one) => (
        <button key={one.value} class="opt" type="button" aria-pressed={one.value === value} onClick={() => onPick(one.value)}>
          <b>{one.name}</b>
          {one.detail && <span class="src">{one.detail}</span>}
          {one.more && <span class="src">{one.more}</span>}
        </button>
      ))}
    </div>
  );
}

/** A card that says in one line what is in it, and opens. */
export function Fold({ title, says, open = false, children }: { title: string; says: string; open?: boolean; children: ComponentChildren }) {
  return (
    <details class="card fold" open={open}>
      <summary>
        <span>
          <b>{title}</b>
          <span class="src">{says}</span>
        </span>
        <Icon name="next" />
      </summary>
      {children}
    </details>
  );
}
