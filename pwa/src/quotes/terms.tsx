/** Terms beside each other with the price of leaving, and what is promised with what is credited when it is not kept. */
import type { ClauseData, LineTerm, QuoteLine, TermChoice } from '../cpq/quote';
import { productOf } from './document';
import { Icon } from '../ui/icons';
import { say } from '../ui/said';
import { money } from './money';
import { Check, Options } from './pieces';
import { promiseWords } from './promises';
import { rampWithin } from './ramp';
import type { Work } from './working';

export function Terms({ work }: { work: Work }) {
  const terms = work.price.value?.price?.terms ?? [];
  const lines = work.draft.value.value.content?.lines ?? [];
  return (
    <>
      {terms.map((term) => {
        const line = lines.find(({ id }) => id === term.line);
        return line && <Term key={term.line} work={work} term={term} line={line} />;
      })}
    </>
  );
}

function Term({ work, term, line }: { work: Work; term: LineTerm; line: QuoteLine }) {
  const currency = work.price.value?.price?.currency ?? '';
  const name = productOf(work.document, line.sku)?.name ?? line.sku;
  const all: TermChoice[] = [term, ...term.compared.filter((one) => one.term !== term.term)].sort((a, b) => a.months - b.months);
  const options = all.map((one) => ({
    value: one.term, name: one.name, detail: `${money(one.monthly, currency)} a month`, more: one.leave.text,
  }));
  const pick = (picked: string) => {
    const part = rampWithin(line, all.find((one) => one.term === picked)?.months ?? 0);
    work.setLine(line.id, { term: picked, ...part });
    if (part.ramp) say('Steps after the end of this term are gone', () => work.setLine(line.id, { ...line }));
  };
  return (
    <section class="card" aria-label={`Term of ${name}`}>
      <h2>
        Term <span>{name}</span>
      </h2>
      {work.open ? (
        <Options label={`Term of ${name}`} options={options} value={term.term} onPick={pick} />
      ) : (
        <p>
          <b>{term.name}</b> · {money(term.monthly, currency)} a month
        </p>
      )}
      <p class="src">
        {money(term.total, currency)} over {term.months === 1 ? 'a month' : `${term.months} months`}
        {term.notice_months ? ` · notice ${term.notice_months} months before its end` : ''}
      </p>
      <Leaving term={term} currency={currency} />
    </section>
  );
}

/** What leaving early costs, said before anybody signs. */
function Leaving({ term, currency }: { term: LineTerm; currency: string }) {
  if (term.at.length === 0 || term.leave.type === 'none') return <p class="src">{term.leave.text}</p>;
  return (
    <details>
      <summary>
        <Icon name="next" />
        What leaving early costs
      </summary>
      <table>
        <thead>
          <tr>
            <th scope="col">After</th>
            <th scope="col">Paid by then</th>
            <th scope="col">To leave</th>
          </tr>
        </thead>
        <tbody>
          {term.at.filter(({ month }) => month <= term.months).map((one) => (
            <tr key={one.month}>
              <td>{one.month === 1 ? '1 month' : `${one.month} months`}</td>
              <td>{money(one.paid, currency)}</td>
              <td>{money(one.leave, currency)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  );
}

/** Clauses that apply to what is on the quote: taken or not, with their price and their credit. */
export function Clauses({ work }: { work: Work }) {
  const lines = work.draft.value.value.content?.lines ?? [];
  const offered = (work.document?.clauses ?? []).flatMap((clause) => {
    const applies = lines.filter(({ sku }) => !clause.applies_to?.length || clause.applies_to.includes(sku));
    const on = work.open ? applies : applies.filter((line) => line.clauses?.includes(clause.id) || work.draft.value.value.content?.clauses?.includes(clause.id));
    return on.length > 0 ? [{ clause, on }] : [];
  });
  if (offered.length === 0) return null;
  return (
    <section class="card" aria-label="Service levels">
      <h2>What we promise</h2>
      {offered.map(({ clause, on }) => <Clause key={clause.id} work={work} clause={clause} on={on} />)}
    </section>
  );
}

function Clause({ work, clause, on }: { work: Work; clause: ClauseData; on: QuoteLine[] }) {
  const price = work.price.value?.price;
  const taken = on.filter((line) => line.clauses?.includes(clause.id));
  const amounts = (price?.clauses ?? []).filter(({ id }) => id === clause.id).flatMap(({ amount }) => amount ?? []);
  const put = (line: QuoteLine, is: boolean) => {
    const others = (line.clauses ?? []).filter((id) => id !== clause.id);
    work.setLine(line.id, { clauses: is ? [...others, clause.id] : others });
  };
  return (
    <div class="clause">
      {work.open ? (
        on.map((line) => (
          <Check
            key={line.id} label={on.length > 1 ? `${clause.title}: ${productOf(work.document, line.sku)?.name ?? line.sku}` : clause.title}
            checked={taken.includes(line)} onCheck={(is) => put(line, is)}
          />
        ))
      ) : (
        <b>{clause.title}</b>
      )}
      <p class="soft">{clause.text}</p>
      <span class="src">{[promiseWords(clause), ...amounts.map((amount) => `${money(amount, price?.currency ?? '')} of the price is for it`)].filter(Boolean).join(' · ')}</span>
    </div>
  );
}
