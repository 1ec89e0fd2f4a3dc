/** What ends the screen of a quote: saved, sent, approval asked for, shared, or begun anew. */
import { useSignal } from '@preact/signals';
import { session } from '../store/state';
import { phoneState } from '../store/sync';
import { discard } from '../store/unsent';
import { Prose } from '../ui/form';
import { go } from '../ui/router';
import { save, write, type Write } from '../ui/save';
import { say, SAVED } from '../ui/said';
import { Sheet } from './pieces';
import { pathOf } from './reads';
import { shownOf } from './pricing';
import { AuthorityWords } from './discount';
import { ReviseButton } from './revise';
import { share } from './share';
import { statusOf } from './words';
import { faultsOf, revisionAfter, unfinished, writesOf, type Work } from './working';

type Asking = 'submit' | 'withdraw' | null;

export function QuoteActions({ work }: { work: Work }) {
  const asking = useSignal<Asking>(null);
  const { quote } = work.page;
  const status = quote ? statusOf(quote) : 'draft';
  const at = pathOf(work.page.id);
  const customer = (
    <a class="btn ghost" href={`${at}/customer`}>
      As customer
    </a>
  );
  const copy = (
    <a class="btn ghost" href={`/quotes/${work.page.id}/copy`}>
      Copy
    </a>
  );
  const sheet = asking.value && <ReasonSheet work={work} asked={asking.value} onClose={() => (asking.value = null)} />;
  if (work.open) {
    const needs = (work.price.value?.price?.approvals.length ?? 0) > 0 && status !== 'approved';
    const secondary = work.dirty.value ? <button class="btn ghost" type="button" onClick={() => void store(work)}>Save</button> : customer;
    return (
      <>
        {secondary}
        {status === 'in_approval' && !work.dirty.value ? (
          <button class="btn ghost" type="button" onClick={() => say('It can be sent once it is approved')}>
            Waits for approval
          </button>
        ) : needs ? (
          <button class="btn" type="button" aria-haspopup="dialog" onClick={() => ready(work) && (asking.value = 'submit')}>
            Ask for approval
          </button>
        ) : (
          <button class="btn" type="button" onClick={() => void send(work)}>
            {phoneState.value === 'current' ? 'Send' : 'Send when online'}
          </button>
        )}
        {sheet}
      </>
    );
  }
  if (quote && quote.status === 'sent' && work.page.unsent) {
    return (
      <>
        {customer}
        <button class="btn ghost" type="button" onClick={() => say('It goes out as soon as there is a network')}>
          Sent when online
        </button>
      </>
    );
  }
  if (quote && quote.user_id !== session.value?.user.id && session.value?.user.role === 'rep') return customer;
  if (status === 'in_approval') return customer;
  if (status === 'sent' || status === 'viewed') {
    return (
      <>
        <button class="btn ghost" type="button" aria-haspopup="dialog" onClick={() => (asking.value = 'withdraw')}>
          Withdraw
        </button>
        {quote?.link ? <button class="btn" type="button" onClick={() => void share(work)}>Share the link</button> : <ReviseButton work={work} />}
        {sheet}
      </>
    );
  }
  return (
    <>
      {copy}
      {status === 'accepted' ? customer : <ReviseButton work={work} />}
    </>
  );
}

/** Whether it can be stored at all; says why not. */
function storable(work: Work): boolean {
  const [fault] = faultsOf(work);
  if (fault) say(fault);
  return !fault;
}

/** Whether it can be sent; says what is still to be done. */
function ready(work: Work): boolean {
  if (!storable(work)) return false;
  const [open] = unfinished(work);
  if (!open) return true;
  say(open.text);
  if (open.line) go(`${pathOf(work.page.id)}/lines/${open.line}`);
  return false;
}

/** What was refused of this quote is answered by what is saved now. */
async function put(work: Work, writes: Write[], said: string): Promise<void> {
  const refused = work.page.attention.filter(({ kind }) => kind === 'rejected');
  const revision = revisionAfter(work, writes.filter(({ name }) => name === 'quote.change' || name === 'quote.create'));
  if (!(await save(writes, said, [], work.draft))) return;
  for (const one of refused) await discard(one.id);
  work.draft.value.value = { ...work.draft.value.peek(), based_on: revision };
}

export async function store(work: Work): Promise<boolean> {
  if (!storable(work)) return false;
  const writes = writesOf(work);
  await put(work, writes, writes.length > 0 ? SAVED : 'Nothing was changed');
  return true;
}

async function send(work: Work): Promise<void> {
  if (!ready(work)) return;
  const price = work.price.peek()?.price;
  if (!price) return;
  const writes = writesOf(work);
  const revision = revisionAfter(work, writes);
  const last = write('quote.send', { id: work.page.id, revision, shown: shownOf(price) });
  await put(work, [...writes, last], `Saved on this phone, ${phoneState.peek() === 'current' ? 'being sent' : 'sent when online'}`);
}

const ASKS = {
  submit: { title: 'Ask for approval', label: 'Why, for whoever approves', button: 'Ask' },
  withdraw: { title: 'Withdraw this quote?', label: 'Why, for colleagues', button: 'Withdraw' },
};

function ReasonSheet({ work, asked, onClose }: { work: Work; asked: 'submit' | 'withdraw'; onClose: () => void }) {
  const reason = useSignal('');
  const wrong = useSignal('');
  const { title, label, button } = ASKS[asked];
  const done = async () => {
    const text = reason.value.trim();
    if (!text) {
      wrong.value = 'Say why in a few words.';
      return;
    }
    const writes = asked === 'submit' ? writesOf(work) : [];
    const { id } = work.page;
    const revision = revisionAfter(work, writes);
    const last = asked === 'submit' ? write('quote.submit', { id, revision, reason: text }) : write('quote.withdraw', { id, reason: text });
    onClose();
    await put(work, [...writes, last], SAVED);
  };
  return (
    <Sheet title={title} onClose={onClose}>
      {asked === 'submit' ? <AuthorityWords work={work} /> : <p>The customer’s link says so from then on. A new version can be made of it.</p>}
      <Prose label={label} value={reason.value} onText={(text) => (reason.value = text)} rows={2} most={2000} wrong={(reason.value.trim() ? '' : wrong.value) || undefined} />
      <button class="btn wide" type="button" onClick={() => void done()}>
        {button}
      </button>
    </Sheet>
  );
}
