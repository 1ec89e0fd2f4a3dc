/** A line of an offer: what it is, how its price came about, and what of it is the customer's to change. */
import { useId, useState } from 'preact/hooks';
import { useCosts } from './costs';
import { Asking, Questions } from './questions';
import type { Change, Controls, Line, OptionValue, Part, Question, Step } from './types';
import { beginsIn, change as signed, due, isZero, money, plural } from './words';

interface LineProps {
  line: Line;
  /** all lines of the offer */
  lines: readonly Line[];
  currency: string;
  controls: Controls | undefined;
  /** the customer's changes while the server works them out */
  pending: Change[] | undefined;
  questions: Question[];
  onChange: (change: Change) => void;
  onAsk: ((text: string, line: string) => Promise<void>) | undefined;
}

export function OfferLine({ line, lines, currency, controls, pending, questions, onChange, onAsk }: LineProps) {
  const id = useId();
  const features = line.configuration.reduce((count, group) => count + group.features.length, 0);
  const set = lines.find((one) => one.id === line.bundle);
  const grows = line.parts.some((part) => beginsIn(part) > 1);
  // A set without a price of its own: what is in it has.
  const parts = lines.some((one) => one.bundle === line.id) && line.parts.every(({ net }) => isZero(net)) ? [] : line.parts;
  const facts = [
    line.sku, grows ? '' : `quantity ${line.quantity}`, set && `part of ${set.name}`, line.parts.length > 0 && parts.length === 0 && 'each piece of it below, at its price',
    line.optional && (line.selected ? 'optional, in the sum' : 'optional, not in the sum'),
  ];
  return (
    <section class={`card offer-line${line.selected ? '' : ' out'}`} aria-labelledby={id} aria-busy={pending !== undefined}>
      <div class="offer-line-head">
        <div>
          <h2 id={id}>{line.name}</h2>
          <p class="src">{facts.filter(Boolean).join(' · ')}</p>
        </div>
        <p class="offer-price">
          {parts.map((part) => (
            <span key={part.id}>
              <b>{money(part.net, currency)}</b> {due(part) && <small>{grows && `of ${part.quantity ?? line.quantity}, `}{due(part)}</small>}
            </span>
          ))}
        </p>
      </div>
      {line.description && <p class="soft">{line.description}</p>}
      {line.notes && <p>{line.notes}</p>}
      {controls && <Open line={line} controls={controls} currency={currency} pending={pending ?? []} onChange={onChange} />}
      {line.term && <Leaving line={line} currency={currency} />}
      {parts.map((part) => (
        <Waterfall key={part.id} part={part} currency={currency} />
      ))}
      {features > 0 && (
        <details>
          <summary>
            <Chevron /> Configuration, {plural(features, 'choice')}
          </summary>
          <Configuration line={line} />
        </details>
      )}
      <Questions questions={questions} />
      {onAsk && <Asking label="Ask about this line" about={line.name} onAsk={(text) => onAsk(text, line.id)} />}
    </section>
  );
}

const Chevron = () => (
  <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
    <path d="M9 5l7 7-7 7" />
  </svg>
);

/** Every step from the list price to the net price; they add up line by line. */
function Waterfall({ part, currency }: { part: Part; currency: string }) {
  return (
    <details>
      <summary>
        <Chevron /> How this price came about{beginsIn(part) > 1 && `, from month ${beginsIn(part)}`}
      </summary>
      <ol class="price-steps">
        {part.waterfall.map((step, place) => (
          <li key={step.step + place}>
            <span>{step.label}</span>
            <span>{place === 0 ? money(step.amount, currency) : signed(step.amount, currency)}</span>
            <Why step={step} currency={currency} />
          </li>
        ))}
        <li class="sum">
          <span>Net{due(part) && `, ${due(part)}`}</span>
          <span>{money(part.net, currency)}</span>
        </li>
        {part.taxes?.map((tax) => (
          <li key={tax.id}>
            <span>{tax.name}</span>
            <span>{signed(tax.amount, currency)}</span>
          </li>
        ))}
        <li class="sum">
          <span>With tax</span>
          <span>{money(part.gross, currency)}</span>
        </li>
      </ol>
    </details>
  );
}

function Why({ step, currency }: { step: Step; currency: string }) {
  const said = step.reason || (step.source?.type === 'price_book' ? step.source.name : '');
  const why = said === step.label ? '' : said;
  return (
    <span class="src">
      {why && <>{why} · </>}so far {money(step.running, currency)}
      {step.tiers.map((tier) => (
        <span key={tier} class="tier">{tier}</span>
      ))}
    </span>
  );
}

function Configuration({ line }: { line: Line }) {
  return (
    <>
      {line.budgets.map((budget) => (
        <div key={budget.id} class="budget">
          <span>{budget.name}</span>
          <span>{budget.used}{budget.limit !== undefined && ` of ${budget.limit}`} {budget.unit}</span>
          {budget.percent !== undefined && (
            <svg viewBox="0 0 100 2" preserveAspectRatio="none" aria-hidden="true">
              <rect width="100" height="2" rx="1" />
              <rect class={budget.percent > 95 ? 'full' : 'used'} width={budget.percent} height="2" rx="1" />
            </svg>
          )}
        </div>
      ))}
      {line.configuration.map((group) => (
        <dl key={group.name} class="chosen" aria-label={group.name}>
          {group.features.map((feature) => (
            <div key={feature.id}>
              <dt>{feature.name}</dt>
              <dd>{feature.text}</dd>
            </div>
          ))}
        </dl>
      ))}
    </>
  );
}

/** The term that is agreed, and what leaving it costs, said before anybody signs. */
function Leaving({ line, currency }: { line: Line; currency: string }) {
  const term = line.term!;
  return (
    <div class="leaving">
      <p>
        <b>{term.name}.</b> {term.months > 1 && <>Runs {plural(term.months, 'month')}. </>}
        {term.leave.text}
      </p>
      {term.leave.type !== 'none' && term.at.length > 0 && (
        <details>
          <summary>
            <Chevron /> What leaving costs, month by month
          </summary>
          <table>
            <thead>
              <tr><th scope="col">Left after</th><th scope="col">Paid by then</th><th scope="col">To leave</th></tr>
            </thead>
            <tbody>
              {term.at.filter((at) => at.month <= term.months).map((at) => (
                <tr key={at.month}>
                  <td>{plural(at.month, 'month')}</td><td>{money(at.paid, currency)}</td><td>{money(at.leave, currency)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </details>
      )}
    </div>
  );
}

interface OpenProps {
  line: Line;
  controls: Controls;
  currency: string;
  pending: Change[];
  onChange: (change: Change) => void;
}

/** What the seller left open. */
function Open({ line, controls, currency, pending, onChange }: OpenProps) {
  const taken = pending.find((one) => 'selected' in one)?.selected ?? line.selected;
  const term = pending.find((one) => 'term' in one)?.term ?? line.term?.term;
  const chosen = (feature: string) => pending.find((one) => 'feature' in one && one.feature === feature);
  return (
    <div class="open">
      <h3>Yours to change</h3>
      {controls.selected && <Taking line={line} taken={taken} onChange={onChange} />}
      {controls.quantity && <Quantity line={line} onChange={onChange} />}
      {controls.terms.length > 0 && (
        <Choices
          line={line.id} choice="term" legend="Term" chosen={term} onPick={(term) => onChange({ line: line.id, term })}
          values={controls.terms.map((term) => ({ id: term.term, name: term.name, note: `${money(term.monthly, currency)} a month · ${term.leave.text}` }))}
        />
      )}
      {controls.features.map((feature) => (
        <Choices
          key={feature.id} line={line.id} choice={`feature:${feature.id}`} legend={feature.name} help={feature.help}
          chosen={valueOf(chosen(feature.id)) ?? feature.values.find((value) => value.status === 'chosen')?.id}
          onPick={(value) => onChange({ line: line.id, feature: feature.id, value })}
          values={feature.values.map((value) => ({ id: value.id, name: value.name, note: noteOf(value), kind: value.status }))}
        />
      ))}
    </div>
  );
}

const valueOf = (change: Change | undefined): string | undefined => (change && 'feature' in change ? change.value : undefined);

/** Why a value is not simply free, and what taking it would move. */
function noteOf({ status, why, swaps }: OptionValue): string {
  const reason = why?.join(' ') ?? '';
  if (status === 'swap') return [reason, swaps?.map((swap) => `Changes ${swap.feature} to ${swap.after}.`).join(' ')].filter(Boolean).join(' ');
  return status === 'never' ? `${reason || 'Does not go with what this offer fixes.'} Ask us about it.` : '';
}

/** An option that is taken or left, and what that moves. */
function Taking({ line, taken, onChange }: { line: Line; taken: boolean; onChange: (change: Change) => void }) {
  const { at, costs } = useCosts<HTMLLabelElement>(line.id, 'selected');
  const cost = costs?.get(String(!taken));
  return (
    <label class="check" ref={at}>
      <input type="checkbox" checked={taken} onChange={(event) => onChange({ line: line.id, selected: event.currentTarget.checked })} />
      <span>
        Take this option
        <span class="move">{cost ? `${taken ? 'Without it' : 'With it'} ${cost}` : '\u00a0'}</span>
      </span>
    </label>
  );
}

interface ChoicesProps {
  line: string;
  /** what is chosen here, as the line leaves it open: `term`, `feature:motor` */
  choice: string;
  legend: string;
  help?: string;
  chosen: string | undefined;
  values: { id: string; name: string; note: string; kind?: OptionValue['status'] }[];
  onPick: (id: string) => void;
}

/** One of several. What cannot be had here is not a choice: it is folded away, and says why. */
function Choices({ line, choice, legend, help, chosen, values, onPick }: ChoicesProps) {
  const { at, costs } = useCosts<HTMLFieldSetElement>(line, choice);
  const never = values.filter(({ kind }) => kind === 'never');
  return (
    <fieldset class="picks" ref={at}>
      <legend>{legend}</legend>
      {help && <p class="src">{help}</p>}
      <div>
        {values.filter(({ kind }) => kind !== 'never').map(({ id, name: label, note, kind }) => (
          <label key={id} class={`pick${kind === 'swap' ? ' swap' : ''}`}>
            <input type="radio" name={`${line} ${choice}`} value={id} checked={id === chosen} onChange={() => onPick(id)} />
            <span>
              <b>{label}</b>
              <span class="move">{id === chosen ? 'chosen' : costs?.get(id) ?? '\u00a0'}</span>
              {note && <span class="src">{note}</span>}
            </span>
          </label>
        ))}
      </div>
      {never.length > 0 && (
        <details>
          <summary>
            <Chevron /> {never.length} more, not with the rest of this offer
          </summary>
          <div>
            {never.map(({ id, name: label, note }) => (
              <p key={id} class="pick out">
                <b>{label}</b>
                <span class="src">{note}</span>
              </p>
            ))}
          </div>
        </details>
      )}
    </fieldset>
  );
}

function Quantity({ line, onChange }: { line: Line; onChange: (change: Change) => void }) {
  const id = useId();
  const [typed, setTyped] = useState<string>();
  const { at, costs } = useCosts<HTMLDivElement>(line.id, 'quantity');
  const now = Number(line.quantity);
  const beside = now > 1 ? ([['One more', now + 1], ['One fewer', now - 1]] as const) : ([['One more', now + 1]] as const);
  const set = (quantity: string) => {
    setTyped(undefined);
    if (/^[1-9]\d{0,6}$/.test(quantity) && quantity !== line.quantity) onChange({ line: line.id, quantity });
  };
  return (
    <div class="quantity" ref={at}>
      <label for={id}>Quantity</label>
      <span class="steps">
        <button aria-label={`One fewer ${line.name}`} aria-disabled={now <= 1} onClick={() => now > 1 && set(String(now - 1))}>−</button>
        <input
          id={id} inputMode="numeric" value={typed ?? line.quantity} maxLength={7} onInput={(event) => setTyped(event.currentTarget.value)}
          onChange={(event) => set(event.currentTarget.value.trim())}
        />
        <button aria-label={`One more ${line.name}`} onClick={() => set(String(now + 1))}>+</button>
      </span>
      {beside.map(([words, many]) => (
        <span key={words} class="move">{costs?.has(String(many)) ? `${words} ${costs.get(String(many))}` : '\u00a0'}</span>
      ))}
    </div>
  );
}

