/** What the offer comes to, and its clauses with what is due when one is missed. */
import type { Document } from './types';
import { change, money, sums } from './words';

export function Sums({ document, before }: { document: Document; before: Document | undefined }) {
  const { currency } = document;
  const was = new Map(before ? sums(before) : []);
  return (
    <section class="card hero" aria-labelledby="sums">
      <h2 id="sums">What it comes to</h2>
      {sums(document).map(([name, sum]) => {
        const old = was.get(name);
        return (
          <div key={name} class="sum-of">
            <span>{name}</span>
            <b>{money(sum.net, currency)}</b>
            <span class="src">
              net · {money(sum.gross, currency)} with {money(sum.tax, currency)} tax
              {old && old.net !== sum.net && ` · was ${money(old.net, currency)}`}
            </span>
          </div>
        );
      })}
      {(document.header.length > 0 || document.taxes.length > 0) && (
        <details>
          <summary>
            <svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path d="M9 5l7 7-7 7" /></svg> {document.header.length > 0 ? 'Discounts on the whole, and taxes' : 'Taxes'}
          </summary>
          <ol class="price-steps">
            {document.header.map((step) => (
              <li key={step.id}>
                <span>{step.label}</span>
                <span>{money(step.amount, currency)}</span>
                <span class="src">
                  {step.parts.map((part) => `${document.lines.find((line) => line.id === part.line)?.name ?? nameOf(document, part.line)} ${money(part.amount, currency)}`).join(' · ')}
                </span>
              </li>
            ))}
            {document.taxes.map((tax) => (
              <li key={tax.id}>
                <span>{tax.name}</span>
                <span>{change(tax.amount, currency)}</span>
                <span class="src">on {money(tax.base, currency)}</span>
              </li>
            ))}
          </ol>
        </details>
      )}
      {document.totals.tcv && document.totals.tcv !== document.totals.net && (
        <p class="src">Over the whole term, without tax: {money(document.totals.tcv, currency)}</p>
      )}
    </section>
  );
}

/** The line that a price line belongs to. */
const nameOf = (document: Document, part: string): string =>
  document.lines.find((line) => line.parts.some((one) => one.id === part))?.name ?? part;

export function Clauses({ document }: { document: Document }) {
  if (document.clauses.length === 0) return null;
  return (
    <section class="card" aria-labelledby="clauses">
      <h2 id="clauses">Clauses</h2>
      <ul class="clauses">
        {document.clauses.map((clause) => (
          <li key={`${clause.id} ${clause.line ?? ''}`}>
            <h3>
              {clause.title} {clause.amount && <span class="soft">{change(clause.amount, document.currency)}</span>}
            </h3>
            <p>{clause.text}</p>
            {clause.promise && <p class="promised">{clause.promise}</p>}
          </li>
        ))}
      </ul>
    </section>
  );
}
