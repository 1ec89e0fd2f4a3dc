/** Discounts of the rep on the whole quote, with how far their authority goes, and who must approve what is beyond it. */
import { useSignal } from '@preact/signals';
import type { HeaderDiscount } from '../cpq/quote';
import { Select, Text } from '../ui/form';
import { decimalOf, money, percent } from './money';
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

const discountWords = ({ kind, value, reason }: HeaderDiscount, currency: string): string =>
  `${kind === 'percent' ? percent(value) : kind === 'amount' ? `${money(value, currency)} off` : `${money(value, currency)} in all`} · ${reason}`;

function Authority({ work }: { work: Work }) {
  const price = work.price.value?.price;
  const discounted = (work.draft.value.value.content?.discounts?.length ?? 0) > 0;
  if (!price || (!price.approvals.length && !discounted)) return null;
  return (
    <section class="card" aria-label="Authority">
      <h2>Authority</h2>
      <AuthorityWords work={work} />
    </section>
  );
}

/** `Within your authority (5 %)`, or who must approve and why. */
export function AuthorityWords({ work }: { work: Work }) {
  const approvals = work.price.value?.price?.approvals ?? [];
  const limit = work.document?.authority?.find(({ role }) => role === work.page.role)?.max_discount_percent;
  if (approvals.length === 0) return <p class="src">{limit ? `Within your authority (${percent(limit)})` : 'Needs no approval'}</p>;
  return (
    <ul class="rows">
      {approvals.map((one) => (
        <li key={one.rule + (one.line ?? '')} class="row">
          <span class="sign warn" aria-hidden="true">!</span>
          <span>
            <b>Needs {roleWords(one.role)}.</b> {one.reason}
            {limit && <span class="src">Your authority goes to {percent(limit)}</span>}
          </span>
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
