/** Two configurations beside each other: only what differs. */
import { useSignal } from '@preact/signals';
import { compare } from '../cpq/config';
import type { QuoteLine } from '../cpq/quote';
import { Select } from '../ui/form';
import { featureOf, nameOf } from './configuring';
import { valueName, type Product } from './document';
import { money } from './money';
import { Sheet } from './pieces';
import { netOf, pricingOf } from './pricing';
import { contentOf } from './reads';
import type { Work } from './working';

interface Props {
  work: Work;
  line: QuoteLine;
  product: Product;
  known: Record<string, string>;
  before: Record<string, string>;
  onClose: () => void;
}

interface Other {
  id: string;
  name: string;
  configuration: Record<string, string>;
}

export function CompareSheet({ work, line, product, known, before, onClose }: Props) {
  const others = othersOf(work, line, product, before);
  const picked = useSignal(others[0]?.id ?? '');
  const other = others.find(({ id }) => id === picked.value);
  const differences = other ? compare(other.configuration, known) : [];
  const prices = other && pricesOf(work, line, [other.configuration, known]);
  const words = (feature: string, value: string | null) => (value === null ? 'open' : valueName(featureOf(product, feature), value));
  return (
    <Sheet title="Compared" onClose={onClose}>
      {!other && <p>There is nothing to compare with yet: no other {product.name} on this quote, and none of this account before.</p>}
      {others.length > 1 && <Select label="With" value={picked.value} onText={(id) => (picked.value = id)} options={others.map(({ id, name }) => [id, name] as const)} />}
      {other && differences.length === 0 && <p>The same in everything that is decided.</p>}
      {other && differences.length > 0 && prices && (
        <ul class="wf">
          {[other.name, 'Now'].map((name, place) => (
            <li key={name}>
              <span>{name}, net</span>
              <span class="amount">{prices[place]}</span>
            </li>
          ))}
        </ul>
      )}
      {other && differences.length > 0 && (
        <table class="twofold">
          <thead>
            <tr>
              <th scope="col">Feature</th>
              <th scope="col">{other.name}</th>
              <th scope="col">Now</th>
            </tr>
          </thead>
          <tbody>
            {differences.map(({ feature, a, b }) => (
              <tr key={feature}>
                <td>{nameOf(product, feature)}</td>
                <td>{words(feature, a)}</td>
                <td>{words(feature, b)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Sheet>
  );
}

/** What this line comes to with each of the configurations, at its quantity and discount; null where one has no price. */
function pricesOf(work: Work, line: QuoteLine, configurations: readonly Record<string, string>[]): string[] | null {
  const { content } = work.draft.value.value;
  if (!work.document || !content) return null;
  const found: string[] = [];
  for (const configuration of configurations) {
    const lines = content.lines.map((one) => (one.id === line.id ? { ...one, configuration } : one));
    const { price } = pricingOf(work.document, { ...content, lines }, work.context);
    if (!price) return null;
    found.push(money(netOf(price, line.id), price.currency));
  }
  return found;
}

function othersOf(work: Work, line: QuoteLine, product: Product, before: Record<string, string>): Other[] {
  const like = (lines: readonly QuoteLine[], name: string, quote: string): Other[] =>
    lines.flatMap((one) => (one.sku === product.sku && Object.keys(one.configuration ?? {}).length > 0 && !(quote === '' && one.id === line.id)
      ? [{ id: `${quote} ${one.id}`, name, configuration: one.configuration as Record<string, string> }] : []));
  return [
    ...(Object.keys(before).length > 0 ? [{ id: 'before', name: 'Before', configuration: before }] : []),
    ...like(work.draft.value.value.content?.lines ?? [], 'On this quote', ''),
    ...work.page.others.flatMap((quote) => like(contentOf(quote)?.lines ?? [], quote.number, quote.id)),
  ];
}
