/** The versions that were sent, and what differs between two of them: read from the server, which keeps them. */
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { call, RefusedError } from '../store/api';
import { phone } from '../store/state';
import { now, timeZone } from '../ui/clock';
import { age } from '../ui/dates';
import { Select } from '../ui/form';
import { Empty, Screen } from '../ui/frame';
import { featureOf, nameOf } from './configuring';
import { fieldName, fieldWords } from './differing';
import { productOf, valueName, type Product } from './document';
import { isZero, money, signed } from './money';
import { pathOf, type QuotePage } from './reads';
import { useWork, type Work } from './working';

interface Version {
  version: number;
  title: string;
  outcome?: string;
  sent_at: string;
  author?: string;
  currency: string;
  totals?: { net?: string };
}

interface Amount {
  a: string | null;
  b: string | null;
  change: string;
}

interface Difference {
  same: boolean;
  fields: { field: string; a: unknown; b: unknown }[];
  lines: {
    line: string;
    sku: string;
    what: 'added' | 'removed' | 'changed';
    net: { a: string | null; b: string | null };
    configuration?: { feature: string; a: string | null; b: string | null }[];
    fields?: { field: string; a: unknown; b: unknown }[];
    waterfall?: ({ step: string } & Amount)[];
  }[];
  totals: ({ total: string } & Amount)[];
}

type Fetched<T> = { value: T; problem?: undefined } | { value?: undefined; problem: string } | null;

/** What the server says at `path`; null while it is asked. */
function useFetched<T>(path: string | null): Fetched<T> {
  const found = useSignal<Fetched<T>>(null);
  useEffect(() => {
    found.value = null;
    if (!path) return;
    call<T>(phone.env, path).then(
      (value) => (found.value = { value }),
      (error: unknown) => (found.value = { problem: error instanceof RefusedError ? error.message : 'Versions are kept on the server. They can be read when there is a network.' }),
    );
  }, [path]);
  return found.value;
}

export function VersionsScreen({ page }: { page: QuotePage }) {
  const work = useWork(page);
  const versions = useFetched<{ data: Version[] }>(`/api/v1/quotes/${page.id}/versions`);
  const all = versions?.value?.data ?? [];
  return (
    <Screen title="Versions" sub={`Quote ${work.number}`} back={{ href: pathOf(page.id), label: 'Quote' }}>
      {versions === null && <p class="soft">Asking the server…</p>}
      {versions?.problem && <Empty title="Not here now"><p>{versions.problem}</p></Empty>}
      {versions?.value && all.length === 0 && <Empty title="Nothing was sent yet"><p>A version is kept for good when it is sent.</p></Empty>}
      {all.length > 0 && <List versions={all} page={page} />}
      {all.length > 1 && <Compare work={work} versions={all} />}
    </Screen>
  );
}

/** What became of a version. */
const OUTCOMES: Record<string, string> = {
  open: 'with the customer', superseded: 'replaced by a newer one', accepted: 'accepted', declined: 'declined', expired: 'expired', withdrawn: 'withdrawn',
};

function List({ versions, page }: { versions: Version[]; page: QuotePage }) {
  return (
    <section class="card">
      <h2>Sent</h2>
      <ul class="rows">
        {versions.map((one) => (
          <li key={one.version}>
            <a class="item" href={`/api/v1/quotes/${page.id}/versions/${one.version}/document.pdf`} target="_blank" rel="noopener">
              <span>
                <b>Version {one.version}</b>
                <span class="src">{[one.title, OUTCOMES[one.outcome ?? ''], `sent ${age(one.sent_at, now.value, timeZone.value)}`].filter(Boolean).join(' · ')}</span>
              </span>
              {one.totals?.net && <b>{money(one.totals.net, one.currency)}</b>}
            </a>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Compare({ work, versions }: { work: Work; versions: Version[] }) {
  const numbers = versions.map(({ version }) => version).sort((a, b) => a - b);
  const a = useSignal(String(numbers.at(-2)));
  const b = useSignal(String(numbers.at(-1)));
  const found = useFetched<Difference>(`/api/v1/quotes/${work.page.id}:compare?a=${a.value}&b=${b.value}`);
  const options = numbers.map((one) => [String(one), `Version ${one}`] as const);
  return (
    <section class="card">
      <h2>What differs</h2>
      <div class="pair">
        <Select label="From" value={a.value} options={options} onText={(one) => (a.value = one)} />
        <Select label="To" value={b.value} options={options} onText={(one) => (b.value = one)} />
      </div>
      {found?.problem && <p class="soft">{found.problem}</p>}
      {found?.value && <Differences work={work} found={found.value} />}
    </section>
  );
}

const TOTALS: Record<string, string> = { net: 'Net', gross: 'With tax', tax: 'Tax', discount: 'Less than list', mrr: 'A month', tcv: 'Over its whole term' };

const named = (product: Product | undefined, feature: string, value: string | null): string =>
  value === null ? 'nothing' : valueName(product && featureOf(product, feature), value);

function Differences({ work, found }: { work: Work; found: Difference }) {
  const currency = work.draft.value.value.content?.currency ?? '';
  if (found.same) return <p class="soft">Nothing differs.</p>;
  const words = (field: string, value: unknown) => fieldWords(work, currency, field, value);
  const lines = found.lines.filter(({ what, configuration, fields, waterfall }) =>
    what !== 'changed' || [...(configuration ?? []), ...(fields ?? [])].length > 0 || waterfall?.some(({ change }) => !isZero(change)));
  return (
    <ul class="rows">
      {found.totals.filter(({ total }) => total in TOTALS).map((one) => (
        <li key={one.total} class="item">
          <span>
            {TOTALS[one.total]}
            <span class="src">
              {money(one.a ?? '0', currency)} → {money(one.b ?? '0', currency)}
            </span>
          </span>
          <b>{signed(one.change, currency)}</b>
        </li>
      ))}
      {found.fields.map((one) => (
        <li key={one.field} class="item">
          <span>
            {fieldName(one.field)}
            <span class="src">
              {words(one.field, one.a)} → {words(one.field, one.b)}
            </span>
          </span>
        </li>
      ))}
      {lines.map((one) => {
        const product = productOf(work.document, one.sku);
        return (
          <li key={one.line} class="item">
            <span>
              <b>{product?.name ?? one.sku}</b> <span class="soft">{one.what}</span>
              {one.configuration?.map(({ feature, a, b }) => (
                <span key={feature} class="src">
                  {product ? nameOf(product, feature) : feature}: {named(product, feature, a)} → {named(product, feature, b)}
                </span>
              ))}
              {one.fields?.map(({ field, a, b }) => (
                <span key={field} class="src">
                  {fieldName(field)}: {words(field, a)} → {words(field, b)}
                </span>
              ))}
              {one.waterfall?.filter(({ change }) => !isZero(change)).map(({ step, change }) => (
                <span key={step} class="src">
                  {step}: {signed(change, currency)}
                </span>
              ))}
            </span>
          </li>
        );
      })}
    </ul>
  );
}
