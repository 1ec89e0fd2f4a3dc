/** Several calendars are under one address: the rep picks those that make visits. */
import { useSignal } from '@preact/signals';
import { ManyChips } from '../ui/form';
import type { Choice } from './asking';
import { State } from './pieces';

interface ChooserProps {
  choices: Choice[];
  /** follow these; settles when the server has answered, whatever it said */
  follow: (urls: string[]) => Promise<unknown>;
}

export function Chooser({ choices, follow }: ChooserProps) {
  const open = choices.filter(({ followed }) => !followed);
  const picked = useSignal<string[]>([]);
  const missing = useSignal(false);
  const busy = useSignal(false);
  if (open.length === 0) return <State sign="info">You follow every calendar that is there. This one can be removed.</State>;
  const done = async () => {
    missing.value = picked.value.length === 0;
    if (missing.value || busy.value) return;
    busy.value = true;
    await follow(picked.value);
    busy.value = false;
  };
  return (
    <>
      <State sign="info">
        <b>Which of them?</b> Several calendars are there. Take those with your visits.
      </State>
      <ManyChips
        legend="Calendars" options={open.map(({ url, name }) => ({ value: url, label: name }))} values={picked.value}
        onPick={(urls) => (picked.value = urls)}
      />
      {open.length < choices.length && <p class="src">Followed already: {choices.filter(({ followed }) => followed).map(({ name }) => name).join(', ')}</p>}
      <button class="btn wide" type="button" onClick={() => void done()} aria-busy={busy.value}>
        {busy.value ? 'Asking…' : picked.value.length > 1 ? `Follow these ${picked.value.length}` : 'Follow it'}
      </button>
      <p class="problem" role="alert">
        {missing.value && picked.value.length === 0 && 'Tap the calendars that are to be followed.'}
      </p>
    </>
  );
}
