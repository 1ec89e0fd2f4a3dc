/** What is open of an offer, and what was: reads it, keeps the customer's changes, and shows what came of them. */
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { type OfferApi, Refused } from './api';
import { Asker, Costs } from './costs';
import { Deciding } from './deciding';
import { OfferLine } from './line';
import { Asking, Questions } from './questions';
import { Clauses, Sums } from './sums';
import type { Change, Offer } from './types';
import { changeWords, day, dueWords, inOneBreath } from './words';

/** Changes of the same thing replace each other; the last made comes last. */
function withChange(changes: readonly Change[], change: Change): Change[] {
  const about = (one: Change) => `${one.line} ${'feature' in one ? `feature:${one.feature}` : Object.keys(one).find((key) => key !== 'line')}`;
  return [...changes.filter((one) => about(one) !== about(change)), change];
}

export function Page({ api }: { api: OfferApi }) {
  const [sent, setSent] = useState<Offer>();
  const [refused, setRefused] = useState<Refused>();
  const read = () => {
    setRefused(undefined);
    api.read().then(setSent, setRefused);
  };
  useEffect(read, [api]);
  useEffect(() => {
    if (sent) document.title = `${sent.document.seller.name}: offer ${sent.document.number}`;
  }, [sent]);
  if (refused) return <NotOpen refused={refused} onRetry={read} />;
  if (!sent) return <p class="offer-state" role="status">Your offer is being fetched…</p>;
  return <OfferPage key={sent.document.hash} api={api} sent={sent} onSent={setSent} onAgain={read} />;
}

function NotOpen({ refused, onRetry }: { refused: Refused; onRetry: () => void }) {
  const title = { 404: 'There is no offer here', 410: 'This offer is no longer open', 0: 'No connection' }[refused.status] ?? 'Something went wrong';
  return (
    <main class="offer-state">
      <h1>{title}</h1>
      <p>{refused.message}</p>
      {refused.status !== 404 && refused.status !== 410 && (
        <button class="btn" onClick={onRetry}>
          Try again
        </button>
      )}
    </main>
  );
}

interface OfferProps {
  api: OfferApi;
  sent: Offer;
  onSent: (offer: Offer) => void;
  onAgain: () => void;
}

function OfferPage({ api, sent, onSent, onAgain }: OfferProps) {
  const { shown, changes, trouble, change, undo, pending } = useChanges(api, sent);
  const [asked, setAsked] = useState(sent.questions);
  const { document: quote } = shown;
  const open = sent.state === 'open' && !sent.newer;
  const ask = async (text: string, line: string | null) => {
    const question = await api.ask(text, line);
    setAsked((before) => [...before, question]);
  };
  const asker = useMemo(() => new Asker(api), [api]);
  const costing = useMemo(
    () => ({ asker, changes, digest: shown.digest, currency: quote.currency, busy: pending !== undefined }), [asker, changes, shown, pending !== undefined],
  );
  const [first, ...others] = dueWords(quote);
  useOpenForPrint();
  return (
    <div class="offer">
      <header class="offer-head">
        <p class="offer-seller">{quote.seller.name}</p>
        <h1>{quote.title}</h1>
        <p class="sub">
          Offer {quote.number}, version {quote.version} · for {[quote.customer.person, quote.customer.name].filter(Boolean).join(', ')}
        </p>
        <p class="sub">
          {quote.author.name && <>From {quote.author.name} · </>}
          {sent.state === 'open' ? `open until ${day(quote.valid_until)}` : `made on ${day(quote.issued_on)}`}
        </p>
        <State offer={sent} onAgain={onAgain} />
        <p class="offer-files">
          <a class="btn ghost" href={api.pdf} download={`${quote.number}-v${quote.version}.pdf`}>
            PDF{changes.length > 0 ? ' of the offer as sent' : ''}
          </a>
          <button class="btn ghost" onClick={() => print()}>
            Print
          </button>
        </p>
      </header>
      <main class="offer-main">
        {quote.notes && <p class="card offer-notes">{quote.notes}</p>}
        <Costs.Provider value={costing}>
          {quote.lines.map((line) => (
            <OfferLine
              key={line.id} line={line} lines={quote.lines} currency={quote.currency} controls={open ? shown.controls[line.id] : undefined} pending={pending?.filter((one) => one.line === line.id)}
              questions={asked.filter((one) => one.line === line.id)} onChange={change} onAsk={open ? ask : undefined}
            />
          ))}
        </Costs.Provider>
        <Clauses document={quote} />
        <section class={`card${asked.some((one) => one.line === null) ? '' : ' unasked'}`} aria-labelledby="questions">
          <h2 id="questions">Questions</h2>
          <Questions questions={asked.filter((one) => one.line === null)} />
          {open ? <Asking label="Ask about the whole offer" onAsk={(text) => ask(text, null)} /> : asked.length === 0 && <p class="soft">None were asked.</p>}
        </section>
      </main>
      <aside class="offer-aside" aria-label="Sum and decision">
        <Sums document={quote} before={changes.length > 0 ? sent.document : undefined} />
        {changes.length > 0 && (
          <section class="card note" aria-labelledby="changed">
            <h2 id="changed">You changed the offer</h2>
            {changes.map((change) => {
              const words = changeWords(change, quote);
              return <p key={words}>{words}</p>;
            })}
            {shown.swaps.map((swap) => (
              <p key={swap.feature}>
                {swap.feature} changed with it, from {swap.before} to <b>{swap.after}</b>.
              </p>
            ))}
            {shown.reasons.map((reason) => (
              <p key={reason} class="notice">{reason}</p>
            ))}
            <button class="btn ghost wide spaced" onClick={undo}>
              Back to the offer as sent
            </button>
          </section>
        )}
        <p class="problem" role="alert">{trouble}</p>
        <Deciding api={api} sent={sent} shown={shown} changes={changes} open={open} onDecided={onAgain} />
        <Watching api={api} sent={sent} onSent={onSent} />
      </aside>
      <p class="unseen" role="status">{changes.length > 0 && !pending ? `Now ${inOneBreath(quote)}.` : ''}</p>
      {open && (
        <nav class="offer-bar" aria-label="Price and decision">
          {/* Said in the aside too, which is far from the thumb. */}
          {trouble && <p class="problem" aria-hidden="true">{trouble}</p>}
          <p>
            <b>{first}</b>
            <span class="src">{[...others.map((one) => `+\u00a0${one}`), `net${changes.length > 0 ? ', with your changes' : ''}`].join(' · ')}</span>
          </p>
          <a class="btn" href="#decide">Decide</a>
        </nav>
      )}
    </div>
  );
}

/** The customer's changes, and the offer as it is with them. An answer that a later change overtook is dropped. */
function useChanges(api: OfferApi, sent: Offer) {
  const [changes, setChanges] = useState<Change[]>([]);
  const [shown, setShown] = useState(sent);
  const [trouble, setTrouble] = useState('');
  /** what was just chosen, and is shown as chosen while the server works it out */
  const [pending, setPending] = useState<Change[]>();
  const turn = useRef(0);
  const show = async (next: Change[]) => {
    const mine = ++turn.current;
    setPending(next);
    setTrouble('');
    try {
      const offer = next.length > 0 ? await api.evaluate(next) : sent;
      if (mine !== turn.current) return;
      setShown(offer);
      setChanges(next);
    } catch (error) {
      if (mine !== turn.current) return;
      setTrouble(error instanceof Refused ? error.message : 'Something went wrong. Nothing was changed.');
    } finally {
      if (mine === turn.current) setPending(undefined);
    }
  };
  return {
    changes, shown, trouble, pending,
    change: (change: Change) => void show(withChange(pending ?? changes, change)),
    undo: () => void show([]),
  };
}

function State({ offer, onAgain }: { offer: Offer; onAgain: () => void }) {
  const accepted = offer.document.acceptance;
  if (accepted) {
    return (
      <p class="offer-told good" role="status">
        <b>Accepted by {accepted.name} on {day(accepted.date)}.</b> {offer.document.seller.name} has it; the PDF holds the acceptance.
      </p>
    );
  }
  if (offer.state === 'declined') {
    return <p class="offer-told info" role="status"><b>Declined.</b> {offer.document.seller.name} was told, and can send you another version here.</p>;
  }
  if (!offer.newer) return null;
  return (
    <p class="offer-told warn" role="status">
      <b>A newer version is being made.</b> This one can be read, and no longer accepted.{' '}
      <button class="link" onClick={onAgain}>Look again</button>
    </p>
  );
}

/** Off by default, and the customer's alone to switch on. */
function Watching({ api, sent, onSent }: Pick<OfferProps, 'api' | 'sent' | 'onSent'>) {
  const [trouble, setTrouble] = useState('');
  const turn = (on: boolean) => {
    setTrouble('');
    api.tellViews(on).then(
      () => onSent({ ...sent, tells_views: on }),
      (error: Error) => setTrouble(error.message),
    );
  };
  return (
    <section class="card offer-watching" aria-labelledby="watching">
      <h2 id="watching">Who sees that you read this</h2>
      <label class="check">
        <input type="checkbox" checked={sent.tells_views} onChange={(event) => turn(event.currentTarget.checked)} />
        <span>Tell {sent.document.seller.name} when I look at this offer</span>
      </label>
      <p class="src">{sent.tells_views ? 'They are told when the page is opened.' : 'Nobody is told. This page sets no cookies and tracks nothing.'}</p>
      <p class="problem" role="alert">{trouble}</p>
    </section>
  );
}

/** Paper cannot be tapped: all price steps are open while it is printed. */
function useOpenForPrint(): void {
  useEffect(() => {
    let closed: HTMLDetailsElement[] = [];
    const open = () => {
      closed = [...document.querySelectorAll<HTMLDetailsElement>('details:not([open])')];
      for (const one of closed) one.open = true;
    };
    const close = () => closed.forEach((one) => (one.open = false));
    addEventListener('beforeprint', open);
    addEventListener('afterprint', close);
    return () => {
      removeEventListener('beforeprint', open);
      removeEventListener('afterprint', close);
    };
  }, []);
}
