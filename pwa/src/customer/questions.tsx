/** Questions to the seller, where they arise, and the answers to them. */
import { useId, useRef, useState } from 'preact/hooks';
import type { Question } from './types';
import { day } from './words';

export function Questions({ questions }: { questions: Question[] }) {
  if (questions.length === 0) return null;
  return (
    <ul class="questions">
      {questions.map((question) => (
        <li key={question.id}>
          <p>{question.text}</p>
          <p class="src">You asked on {day(question.asked_at)}{question.answer === null && ' · waiting for an answer'}</p>
          {question.answer !== null && (
            <blockquote>
              <p>{question.answer}</p>
              <p class="src">{question.author ?? 'The seller'}{question.answered_at && `, ${day(question.answered_at)}`}</p>
            </blockquote>
          )}
        </li>
      ))}
    </ul>
  );
}

interface AskingProps {
  label: string;
  about?: string;
  onAsk: (text: string) => Promise<void>;
}

export function Asking({ label, about, onAsk }: AskingProps) {
  const id = useId();
  const [open, setOpen] = useState(false);
  const [text, setText] = useState('');
  const [said, setSaid] = useState('');
  const [busy, setBusy] = useState(false);
  const room = useRef<HTMLDivElement>(null);
  const close = () => {
    setOpen(false);
    requestAnimationFrame(() => room.current?.querySelector<HTMLElement>('.link')?.focus());
  };
  const send = async (event: SubmitEvent) => {
    event.preventDefault();
    if (busy) return;
    if (!text.trim()) return setSaid('Write your question first.');
    setBusy(true);
    setSaid('');
    try {
      await onAsk(text.trim());
      setText('');
      close();
      setSaid('Sent. The answer will be here.');
    } catch (error) {
      setSaid((error as Error).message);
    } finally {
      setBusy(false);
    }
  };
  return (
    <div class="asking" ref={room}>
      {open ? (
        <form onSubmit={send} noValidate>
          <label for={id}>Your question{about && ` about ${about}`}</label>
          <textarea id={id} rows={3} maxLength={2000} value={text} onInput={(event) => setText(event.currentTarget.value)} autofocus />
          <p class="two">
            <button type="button" class="btn ghost" onClick={close}>Cancel</button>
            <button class="btn" aria-disabled={busy}>Send</button>
          </p>
        </form>
      ) : (
        <button class="link" onClick={() => setOpen(true)}>{label}</button>
      )}
      <p class="src" role="status">{said}</p>
    </div>
  );
}
