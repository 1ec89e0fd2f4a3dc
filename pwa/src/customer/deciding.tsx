/** The end of an offer: accepted with a name and a day, or declined with a reason. */
import type { TargetedSubmitEvent } from 'preact';
import { useId, useRef, useState } from 'preact/hooks';
import type { OfferApi } from './api';
import { Refused } from './api';
import type { Change, Offer } from './types';
import { inOneBreath, today } from './words';

interface DecidingProps {
  api: OfferApi;
  /** as it was sent: what is bound */
  sent: Offer;
  /** with the customer's changes: what is seen */
  shown: Offer;
  changes: Change[];
  open: boolean;
  onDecided: () => void;
}

export function Deciding({ api, sent, shown, changes, open, onDecided }: DecidingProps) {
  const [declining, setDeclining] = useState(false);
  const [name, setName] = useState(sent.document.customer.person ?? '');
  const [date, setDate] = useState(today());
  const [reason, setReason] = useState('');
  const [trouble, setTrouble] = useState('');
  const [busy, setBusy] = useState(false);
  const section = useRef<HTMLElement>(null);
  const turn = (to: boolean) => {
    setDeclining(to);
    setTrouble('');
    // The button that was pressed is gone: who uses a keyboard goes on where it leads.
    requestAnimationFrame(() => section.current?.querySelector<HTMLElement>(to ? 'textarea' : '.link')?.focus());
  };
  if (!open) return null;
  const { document: quote } = shown;
  const act = async (event: TargetedSubmitEvent<HTMLFormElement>, wrong: string, send: () => Promise<unknown>) => {
    event.preventDefault();
    if (busy) return;
    if (wrong) {
      event.currentTarget.querySelector<HTMLElement>('input, textarea')?.focus();
      return setTrouble(wrong);
    }
    setBusy(true);
    setTrouble('');
    try {
      await send();
      onDecided();
      scrollTo({ top: 0 });
    } catch (error) {
      setTrouble(error instanceof Refused ? error.message : 'Something went wrong. Nothing was sent.');
    } finally {
      setBusy(false);
    }
  };
  const accept = () =>
    api.accept({
      name: name.trim(), date, hash: sent.document.hash, ...(changes.length > 0 ? { changes, digest: shown.digest } : {}),
    });
  return (
    <section ref={section} class="card" id="decide" aria-labelledby="decide-title">
      <h2 id="decide-title">{declining ? 'Decline' : 'Accept'}</h2>
      {declining ? (
        <form onSubmit={(event) => act(event, reason.trim() ? '' : 'Say why, in a few words.', () => api.decline(name.trim(), reason.trim()))} noValidate>
          <Named label="Why not?"><textarea rows={3} maxLength={2000} value={reason} onInput={(event) => setReason(event.currentTarget.value)} /></Named>
          <p class="problem" role="alert">{trouble}</p>
          <p class="two">
            <button type="button" class="btn ghost" onClick={() => turn(false)}>Back</button>
            <button class="btn" aria-disabled={busy}>Decline</button>
          </p>
        </form>
      ) : (
        <form onSubmit={(event) => act(event, name.trim() ? '' : 'Write your name.', accept)} noValidate>
          <p>
            You accept version {quote.version} of offer {quote.number}{changes.length > 0 && ', with your changes,'} for <b>{inOneBreath(quote)}</b>, net.
          </p>
          <Named label="Your name"><input autocomplete="name" maxLength={200} value={name} onInput={(event) => setName(event.currentTarget.value)} /></Named>
          <Named label="Date"><input type="date" value={date} onInput={(event) => setDate(event.currentTarget.value)} /></Named>
          <p class="problem" role="alert">{trouble}</p>
          {shown.reasons.length > 0 ? (
            <p class="notice">With these changes the seller has to look at it first. Ask them, or go back to the offer as sent.</p>
          ) : (
            <button class="btn wide" aria-disabled={busy}>Accept {changes.length > 0 ? 'with changes' : 'this offer'}</button>
          )}
          <button type="button" class="link" onClick={() => turn(true)}>Decline instead</button>
          <p class="src">The acceptance binds what you see: it carries the version's fingerprint <code>{sent.document.hash.slice(0, 16)}</code>.</p>
        </form>
      )}
    </section>
  );
}

function Named({ label, children }: { label: string; children: preact.VNode<{ id?: string }> }) {
  const id = useId();
  children.props.id = id;
  return (
    <div class="named">
      <label for={id}>{label}</label>
      {children}
    </div>
  );
}
