/** What the settings screens share: a switch, and what is said when the server cannot be reached. */
import type { Signal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { RefusedError } from '../store/api';
import { Empty } from '../ui/frame';
import { SubscriptionError } from './subscription';

interface SwitchProps {
  label: string;
  hint?: string | undefined;
  on: boolean;
  onSwitch: (on: boolean) => void;
}

export function Switch({ label, hint, on, onSwitch }: SwitchProps) {
  return (
    <label class="switch">
      <span>
        {label}
        {hint && <span class="src">{hint}</span>}
      </span>
      <input type="checkbox" role="switch" checked={on} onChange={(event) => onSwitch(event.currentTarget.checked)} />
    </label>
  );
}

/** In the server's words when it refused; `offline` when there was no answer. */
export function whatWentWrong(error: unknown, offline: string): string {
  if (error instanceof RefusedError) {
    const { errors } = error.problem as { errors?: { detail: string }[] };
    return error.status === 401 ? 'Your session has ended. Sign in again.' : errors?.map(({ detail }) => detail).join(' ') || error.message;
  }
  return error instanceof SubscriptionError ? error.message : offline;
}

/** The settings are on the server, and it does not answer. */
export function OnTheServer({ trouble, again }: { trouble: string; again: () => void }) {
  return (
    <Empty title="This is kept on the server">
      <p>{trouble}</p>
      <button class="btn ghost" type="button" onClick={again}>
        Try again
      </button>
    </Empty>
  );
}

/** What went wrong, beside what was tapped; brought into sight when it is not. */
export function Trouble({ text }: { text: Signal<string> }) {
  const shown = useRef<HTMLParagraphElement>(null);
  useEffect(() => {
    if (text.value) shown.current?.scrollIntoView({ block: 'nearest' });
  }, [text.value]);
  return (
    <p class="problem" role="alert" ref={shown}>
      {text.value}
    </p>
  );
}

/** How something stands: a sign, and words. */
export function State({ sign, children }: { sign: 'good' | 'warn' | 'bad' | 'info'; children: ComponentChildren }) {
  return (
    <div class="state">
      <span class={`sign ${sign}`} aria-hidden="true">
        {{ good: '✓', warn: '!', bad: '!', info: 'i' }[sign]}
      </span>
      <div>{children}</div>
    </div>
  );
}
