/** Discounts of the rep on the whole quote, with how far their authority goes, and who must approve what is beyond it. */
import { useSignal } from '@preact/signals';
import type { HeaderDiscount, LineDiscount } from '../cpq/quote';
import { Select, Text } from '../ui/form';
import { decimalOf, money, percent, unbroken } from './money';
import { Fold } from './pieces';
import { roleWords } from './words';
import type { Work } from './working';

const KINDS = [['percent', 'Percent off'], ['amount', 'Amount off'], ['fixed_total', 'A fixed total']] as const;

export function DiscountCard({ work }: { work: Work }) {
  const discounts = work.draft.value.value.content?.discounts ?? [];
  const [first] = discounts;
  const price = work.price.value?.price;
  const currency = price?.currency ?? '';
  const form = (
    <DiscountForm
      label="On the whole quote" kinds={KINDS} value={first} currency={currency}
      onChange={(value) => work.setContent({ discounts: value ? [{ ...value, id: first?.id ?? 'd1' } as HeaderDiscount, ...discounts.slice(1)] : [] })}
    />
  );
  return (
    <>
      {work.open && (
        <Fold title={first ? 'Your discount' : 'Give a discount'} says={first ? discountWords(first, currency) : 'on the whole quote; a line has its own'} open={first !== undefined}>
          {form}
        </Fold>
      )}
      <Authority work={work} />
    </>
  );
}

export const discountWords = ({ kind, value, reason }: HeaderDiscount | LineDiscount, currency: string): string =>
  `${kind === 'percent' ? percent(value) : kind === 'amount' ? `${money(value, currency)} off` : kind === 'fixed_price' ? `${money(value, currency)} for one` : `${money(value, currency)} in all`} · ${reason}`;

function Authority({ work }: { work: Work }) {
  const price = work.price.value?.price;
  const discounted = (work.draft.value.value.content?.discounts?.length ?? 0) > 0;
  // What was asked for already stands in a card of its own, with what became of it.
  const asked = !work.dirty.value && ['in_approval', 'approved'].includes(work.page.quote?.status ?? 'draft');
  if (!work.open || asked || !price || (!price.approvals.length && !discounted)) return null;
  return (
    <section class="card" aria-label="Authority">
      <h2>Authority</h2>
      <AuthorityWords work={work} />
    </section>
  );
}

/** `Within your authority (5 %)`, or who must approve and why. */
export function AuthorityWords({ work, line }: { work: Work; line?: string }) {
  const price = work.price.value?.price;
  const approvals = (price?.approvals ?? []).filter((one) => !line || !one.line || (price?.parents[one.line] ?? one.line) === line);
  const limit = work.document?.authority?.find(({ role }) => role === work.page.role)?.max_discount_percent;
  if (approvals.length === 0) return <p class="src">{limit ? `Within your authority (${percent(limit)})` : 'Needs no approval'}</p>;
  const roles = [...new Set(approvals.map(({ role }) => role))];
  return (
    <ul class="rows">
      {roles.map((role) => (
        <li key={role} class="row">
          <span class="sign warn" aria-hidden="true">!</span>
          <div>
            <b>Needs {roleWords(role)}.</b>
            {approvals.filter((one) => one.role === role).map((one) => <p key={one.rule + (one.line ?? '')}>{unbroken(one.reason)}</p>)}
            {limit && <span class="src">Your authority goes to {percent(limit)}</span>}
          </div>
        </li>
      ))}
    </ul>
  );
}

interface DiscountFormProps<Kind extends string> {
  label: string;
  kinds: readonly (readonly [Kind, string])[];
  value: { kind: Kind; value: string; reason: string } | undefined;
  currency: string;
  onChange: (value: { kind: Kind; value: string; reason: string } | null) => void;
}

/** Kind, figure and reason; a figure that is none takes the discount away. */
export function DiscountForm<Kind extends string>({ label, kinds, value, currency, onChange }: DiscountFormProps<Kind>) {
  const typed = useSignal(value?.value ?? '');
  const kind = useSignal<Kind>(value?.kind ?? (kinds[0]![0] as Kind));
  const reason = useSignal(value?.reason ?? '');
  const wrong = typed.value.trim() !== '' && decimalOf(typed.value) === '';
  const put = () => {
    const figure = decimalOf(typed.value);
    const none = figure === '' || /^0*(\.0*)?$/.test(figure);
    onChange(none ? null : { kind: kind.value, value: figure, reason: reason.value.trim() || 'Discount' });
  };
  return (
    <div class="stack">
      <Select label={label} value={kind.value} options={kinds} onText={(text) => { kind.value = text as Kind; put(); }} />
      <Text
        label={kind.value === 'percent' ? 'Percent' : `Amount, ${currency}`} value={typed.value} inputMode="numeric"
        wrong={wrong ? 'Write a figure, such as 4 or 2.5.' : undefined} onText={(text) => { typed.value = text; put(); }}
      />
      <Text label="Reason, as the customer reads it" value={reason.value} maxLength={200} autocapitalize="sentences" spellcheck onText={(text) => { reason.value = text; put(); }} />
    </div>
  );
}
