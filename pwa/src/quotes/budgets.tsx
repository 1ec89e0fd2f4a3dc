/** Limits that add up: what the choices take for sure, what they may take at most, and what is left. */
import type { BudgetRange, Model } from '../cpq/config';
import type { Evaluated } from './configuring';
import type { Product } from './document';
import { compareAmounts, figures, plain, subtract } from './money';

export function Budgets({ model, now, product }: { model: Model; now: Evaluated; product: Product }) {
  if (now.budgets.length === 0) return null;
  return (
    <section class="card">
      <h2>Limits</h2>
      {now.budgets.map((range) => {
        const budget = model.budgets.find(({ id }) => id === range.id);
        const name = budget?.name ?? product.budgets?.find(({ id }) => id === range.id)?.name ?? range.id;
        return <Budget key={range.id} name={name} range={range} />;
      })}
    </section>
  );
}

const shown = (amount: string): string => plain(figures(amount));

function Budget({ name, range: { min, max, limit, unit } }: { name: string; range: BudgetRange }) {
  if (min === null || max === null) return null;
  const decided = compareAmounts(min, max) === 0;
  const left = limit ? subtract(limit, min) : null;
  return (
    <div class="budget">
      <span>{name}</span>
      <span>
        {decided ? '' : 'at least '}
        {shown(min)} {limit && `of ${shown(limit)}`} {unit}
      </span>
      {limit && <Gauge min={min} max={max} limit={limit} />}
      {left !== null && (
        <span class="src">
          {shown(left)} {unit} {decided ? 'to spare' : `for what is still open, which may take up to ${shown(subtract(max, min))}`}
        </span>
      )}
    </div>
  );
}

/** Widths only: the figures beside it say the same. */
function Gauge({ min, max, limit }: { min: string; max: string; limit: string }) {
  const part = (amount: string) => Math.max(0, Math.min(100, (Number(amount) / Number(limit)) * 100)) || 0;
  return (
    <svg class="gauge" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
      <rect class="ground" width="100" height="8" />
      <rect class="maybe" width={part(max)} height="8" />
      <rect class="sure" width={part(min)} height="8" />
    </svg>
  );
}
