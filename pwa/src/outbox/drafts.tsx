/** For managers: what somebody of the team entered for an account that they had lost meanwhile. Entered after all, or dismissed. */
import { useSignal } from '@preact/signals';
import type { Draft } from '../store/rows';
import { save, write } from '../ui/save';
import { now, timeZone } from '../ui/clock';
import { age } from '../ui/dates';
import { Entry } from './attention';
import { toDecide } from './fate';
import type { Names } from './words';

export function ManagerDrafts({ drafts, names }: { drafts: Draft[]; names: Names }) {
  const open = toDecide(drafts);
  if (open.length === 0) return null;
  return (
    <>
      <h2 class="group">For you to decide</h2>
      {open.map((draft) => (
        <DraftCard key={draft.id} draft={draft} names={names} />
      ))}
    </>
  );
}

function DraftCard({ draft, names }: { draft: Draft; names: Names }) {
  const asking = useSignal(false);
  const decide = (decision: 'accept' | 'dismiss') =>
    save([write('draft.decide', { id: draft.id, decision })], decision === 'accept' ? `Entered in ${draft.author}’s name` : 'Dismissed');
  return (
    <article class="card" aria-label={`Draft by ${draft.author} for ${draft.account}`}>
      <h2>
        {draft.author} <span>{draft.account}</span>
      </h2>
      <p>
        {draft.author} entered this {age(draft.made_at, now.value, timeZone.value)}, when the account was not theirs any more.
      </p>
      <Entry mutation={draft} names={names} />
      {asking.value ? (
        <div role="group" aria-label="Dismiss for good?" class="asked">
          <p>Dismiss it for good? It is then entered nowhere.</p>
          <div class="pair">
            <button class="btn ghost" type="button" onClick={() => (asking.value = false)}>
              Keep
            </button>
            <button class="btn danger" type="button" onClick={() => void decide('dismiss')}>
              Dismiss for good
            </button>
          </div>
        </div>
      ) : (
        <div class="pair">
          <button class="btn ghost" type="button" onClick={() => (asking.value = true)}>
            Dismiss
          </button>
          <button class="btn" type="button" onClick={() => void decide('accept')}>
            Enter it
          </button>
        </div>
      )}
    </article>
  );
}
