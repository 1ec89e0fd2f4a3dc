/** Working on a quote: what is entered is kept on this phone as it is entered, priced as it stands, and saved as one mutation. */
import { computed, type ReadonlySignal } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import { quoteNumber, type Context, type QuoteContent, type QuoteLine } from '../cpq/quote';
import type { Quote, QuoteStatus } from '../store/rows';
import { session } from '../store/state';
import { today } from '../ui/clock';
import { addDays, dayAndMonth, dayDistance } from '../ui/dates';
import { write, type Write } from '../ui/save';
import { useTyped, type Draft } from '../ui/typed';
import { contextOf } from './context';
import { documentOf, type CatalogueDocument } from './document';
import { pricing, problemWords, shownOf, type Pricing } from './pricing';
import { begun, contentOf, pathOf, type QuotePage, type Working } from './reads';

/** How long a quote holds unless the rep says otherwise. */
const VALID_DAYS = 30;
/** Statuses in which a quote may be changed; a change takes it back to a draft. */
const OPEN = new Set<QuoteStatus>(['draft', 'in_approval', 'approved', 'refused']);

export interface Work {
  page: QuotePage;
  draft: Draft<Working>;
  number: string;
  document: CatalogueDocument | undefined;
  context: Context;
  /** null until the catalogue is here */
  price: ReadonlySignal<Pricing | null>;
  /** what was entered differs from what is stored */
  dirty: ReadonlySignal<boolean>;
  /** whether this user may change it now */
  open: boolean;
  setContent: (part: Partial<QuoteContent>) => void;
  setLine: (id: string, part: Partial<QuoteLine>) => void;
  addLine: (line: Omit<QuoteLine, 'id'>) => string;
  removeLine: (id: string) => void;
}

export function useWork(page: QuotePage): Work {
  const { quote, catalogue } = page;
  const number = quote?.number || numberOf(page.id);
  const title = page.account ? `Quote for ${page.account.name}` : 'Quote';
  const initial = useMemo(() => begun(page, today.peek(), addDays(today.peek(), VALID_DAYS)), [quote?.revision, catalogue?.hash, page.attention.length]);
  const draft = useTyped<Working>(pathOf(page.id), title, initial, page.typed);
  // What was begun on another revision, with nothing entered since, is begun anew on this one.
  useEffect(() => {
    if (!draft.begun.peek() && draft.value.peek() !== initial) draft.value.value = initial;
  }, [initial]);
  const context = useMemo(() => contextOf(page), [page]);
  const document = catalogue && documentOf(catalogue);
  const price = useMemo(() => computed(() => {
    const { content } = draft.value.value;
    return document && content ? pricing(document, content, context) : null;
  }), [draft, document, context]);
  const dirty = useMemo(() => computed(() => {
    const { value } = draft.value;
    const first = !quote && (value.content?.lines.length ?? 0) > 0;
    return first || JSON.stringify(savedParts(value)) !== JSON.stringify(savedParts(initial));
  }), [draft, initial]);
  const setContent = (part: Partial<QuoteContent>) => {
    const content = draft.value.peek().content;
    if (content) draft.change({ content: { ...content, ...part } });
  };
  const lines = () => draft.value.peek().content?.lines ?? [];
  return {
    page, draft, number, document, context, price, dirty, setContent,
    open: !quote || (OPEN.has(quote.status) && isMineToChange(quote)),
    setLine: (id, part) => setContent({ lines: lines().map((line) => (line.id === id ? tidy({ ...line, ...part }) : line)) }),
    addLine: (line) => {
      const id = nextId(lines());
      setContent({ lines: [...lines(), tidy({ ...line, id })] });
      return id;
    },
    removeLine: (id) => setContent({ lines: lines().filter((line) => line.id !== id && line.bundle !== id) }),
  };
}

/** One's own; a manager's also those of the team, but for one that waits for a decision. */
function isMineToChange({ user_id, status }: Quote): boolean {
  const me = session.value?.user;
  return !me || !user_id || user_id === me.id || (me.role !== 'rep' && status !== 'in_approval');
}

function numberOf(id: string): string {
  try {
    return quoteNumber(id);
  } catch {
    return '';
  }
}

/** Members that hold nothing are left out, so that the same quote has the same digest. */
function tidy(line: QuoteLine): QuoteLine {
  const empty = (value: unknown) => value === undefined || value === '' || value === false || (Array.isArray(value) && value.length === 0);
  return Object.fromEntries(Object.entries(line).filter(([name, value]) => name === 'selected' ? value !== undefined : !empty(value))) as unknown as QuoteLine;
}

/** `l1`, `l2` …: never given twice within a quote as it stands. */
const nextId = (lines: readonly QuoteLine[]): string =>
  `l${1 + Math.max(0, ...lines.map(({ id }) => Number(/^l(\d+)$/.exec(id)?.[1] ?? 0)))}`;

const savedParts = ({ person_id, title, valid_until, notes, content }: Working) => ({ person_id, title, valid_until, notes, content });

/** What keeps this quote from being saved at all. */
export function faultsOf({ draft, document }: Work): string[] {
  const { title, valid_until, content } = draft.value.value;
  return [
    !document || !content ? 'The catalogue of this quote is not on this phone yet.' : '',
    content && !content.lines.length ? 'Add a product first.' : '',
    title.trim() ? '' : 'Give the quote a title.',
    valid_until ? '' : 'Say until when the quote holds.',
  ].filter(Boolean);
}

/** What keeps it from being sent: configurations that are not finished, products that do not go together. */
export function unfinished(work: Work): { text: string; line?: string }[] {
  const { draft, document } = work;
  const price = work.price.value;
  const lines = draft.value.value.content?.lines ?? [];
  const open = lines.filter((line) => (document?.products.find(({ sku }) => sku === line.sku)?.features?.length ?? 0) > 0 && !line.configuration);
  const until = draft.value.value.valid_until;
  return [
    ...(until && dayDistance(until, today.value) > 0 ? [{ text: `It would hold until ${dayAndMonth(until, today.value)}, which is past. Give it another day.` }] : []),
    ...open.map((line) => ({ line: line.id, text: `${document?.products.find(({ sku }) => sku === line.sku)?.name ?? line.sku} is not configured to the end.` })),
    ...(price?.price?.findings ?? []).filter(({ kind }) => kind === 'requires' || kind === 'excludes').map(({ text, line }) => ({ text, ...(line ? { line } : {}) })),
    ...(price?.problem ? [{ text: problemWords(price.problem, document, draft.value.value.content) }] : []),
  ];
}

/** The writes that save what was entered; none when nothing was. */
export function writesOf(work: Work): Write[] {
  const { page, draft, price } = work;
  const value = draft.value.peek();
  const shown = price.peek()?.price ? { shown: shownOf(price.peek()!.price!) } : {};
  if (!value.content) return [];
  if (!page.quote) {
    return [write('quote.create', {
      id: page.id, account_id: value.account_id, title: value.title.trim(), valid_until: value.valid_until, content: value.content as never, ...shown,
      ...(value.person_id ? { person_id: value.person_id } : {}), ...(value.visit_id ? { visit_id: value.visit_id } : {}),
      ...(value.notes.trim() ? { notes: value.notes.trim() } : {}),
    })];
  }
  const { quote } = page;
  const fields = {
    ...(value.title.trim() !== quote.title ? { title: value.title.trim() } : {}),
    ...(value.person_id !== (quote.person_id ?? '') ? { person_id: value.person_id || null } : {}),
    ...(value.valid_until !== (quote.valid_until ?? '') ? { valid_until: value.valid_until } : {}),
    ...(value.notes.trim() !== (quote.notes ?? '') ? { notes: value.notes.trim() || null } : {}),
    ...(JSON.stringify(value.content) !== JSON.stringify(contentOf(quote)) ? { content: value.content as never } : {}),
  };
  if (!Object.keys(fields).length) return [];
  return [write('quote.change', { id: quote.id, revision: value.based_on ?? quote.revision, fields, ...shown })];
}

/** The revision that the quote has once `writes` are done. */
export const revisionAfter = ({ page }: Work, writes: readonly Write[]): number =>
  page.quote ? page.quote.revision + writes.length : 1;
