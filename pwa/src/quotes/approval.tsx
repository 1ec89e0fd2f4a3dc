/** Approval: what was asked and why, for the author; and the decision, for whoever may make it. */
import { useSignal } from '@preact/signals';
import { session } from '../store/state';
import { now, timeZone } from '../ui/clock';
import { age } from '../ui/dates';
import { Prose } from '../ui/form';
import { save, write } from '../ui/save';
import { percent, rounded, unbroken } from './money';
import type { QuoteApproval } from '../store/rows';
import { roleWords } from './words';
import type { Work } from './working';

const SHOWN = new Set(['in_approval', 'approved', 'refused']);

export function ApprovalCard({ work }: { work: Work }) {
  const { quote } = work.page;
  if (!quote || !SHOWN.has(quote.status)) return null;
  const me = session.value?.user;
  const deciding = quote.status === 'in_approval' && me !== undefined && me.role !== 'rep' && quote.user_id !== me.id;
  const approvals = quote.approvals ?? [];
  return (
    <section class={`card${deciding ? ' hero' : ''}`} aria-label="Approval">
      <h2>{deciding ? 'For you to decide' : 'Approval'}</h2>
      {approvals.length === 0 && <p class="soft">{quote.status === 'in_approval' ? 'Asked for; whoever decides is told when this phone is online.' : 'Decided.'}</p>}
      <ul class="rows">
        {together(approvals).map((some, place) => <Asked key={place} approvals={some} />)}
      </ul>
      {deciding && <Margin work={work} />}
      {deciding && <Decision work={work} />}
    </section>
  );
}

/** What was asked in one breath and is decided alike stands together, and says its why once. */
function together(approvals: readonly QuoteApproval[]): QuoteApproval[][] {
  const found = new Map<string, QuoteApproval[]>();
  for (const one of approvals) {
    const { role, asked_why, asked_by, asked_at, decision, decided_by, decided_at, decision_reason } = one;
    const key = JSON.stringify([role, asked_why, asked_by, asked_at, decision, decided_by, decided_at, decision_reason]);
    found.set(key, [...(found.get(key) ?? []), one]);
  }
  return [...found.values()];
}

function Asked({ approvals }: { approvals: readonly QuoteApproval[] }) {
  const [first] = approvals;
  if (!first) return null;
  const { asked_why, asked_by, asked_at, decision, decided_by, decided_at, decision_reason, role } = first;
  const at = (instant: string | undefined) => (instant ? age(instant, now.value, timeZone.value) : '');
  return (
    <li class="row">
      <span class={`sign ${decision === 'approve' ? 'good' : decision === 'refuse' ? 'bad' : 'warn'}`} aria-hidden="true">
        {decision === 'approve' ? '✓' : '!'}
      </span>
      <div>
        {approvals.map((one, place) => <p key={place}>{unbroken(one.reason ?? '')}</p>)}
        {asked_why && <span class="why">“{asked_why}”</span>}
        <span class="src">
          {decision
            ? `${decision === 'approve' ? 'Approved' : 'Refused'}${decided_by ? ` by ${decided_by}` : ''} ${at(decided_at)}`
            : `Waits for ${roleWords(role ?? 'manager')}${asked_by ? ` · asked by ${asked_by}` : ''} ${at(asked_at)}`}
        </span>
        {decision_reason && <span class="why">“{decision_reason}”</span>}
      </div>
    </li>
  );
}

/** What only the seller sees, for whoever decides. */
function Margin({ work }: { work: Work }) {
  const totals = work.price.value?.price?.totals;
  if (!totals?.margin_percent) return null;
  return <p class="src">Margin as quoted {percent(rounded(totals.margin_percent))} · {percent(rounded(totals.discount_percent))} under list. The customer sees neither.</p>;
}

function Decision({ work }: { work: Work }) {
  const reason = useSignal('');
  const wrong = useSignal('');
  const decide = async (decision: 'approve' | 'refuse') => {
    const { quote } = work.page;
    const text = reason.value.trim();
    if (decision === 'refuse' && !text) {
      wrong.value = 'Say why, so that the author can put it right.';
      return;
    }
    if (!quote) return;
    const decided = write('quote.decide', { id: quote.id, revision: quote.revision, decision, ...(text ? { reason: text } : {}) });
    await save([decided], `${decision === 'approve' ? 'Approved' : 'Refused'}. Saved on this phone`);
  };
  return (
    <div class="stack spaced">
      <Prose label="Reason" value={reason.value} onText={(text) => (reason.value = text)} rows={2} most={2000} wrong={(reason.value.trim() ? '' : wrong.value) || undefined} />
      <div class="pair">
        <button class="btn ghost" type="button" onClick={() => void decide('refuse')}>
          Refuse
        </button>
        <button class="btn" type="button" onClick={() => void decide('approve')}>
          Approve
        </button>
      </div>
    </div>
  );
}
