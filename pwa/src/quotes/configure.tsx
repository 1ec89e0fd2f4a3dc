/** Configuring one product: what is possible, what is not and why, what it costs, and always a way on. */
import { useSignal, type Signal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect, useMemo } from 'preact/hooks';
import { CpqError, NeverPossible, type Choice, type Model } from '../cpq/config';
import type { QuoteLine } from '../cpq/quote';
import { Empty, Screen } from '../ui/frame';
import { whenIdle } from '../ui/fold';
import { Icon } from '../ui/icons';
import { leaveTo, place, replace } from '../ui/router';
import { say } from '../ui/said';
import { Budgets } from './budgets';
import { CompareSheet } from './compare';
import { apart, choicesOf, evaluated, featureOf, knownOf, modelOf, nameOf, taken, waysWords, type Evaluated } from './configuring';
import { productOf, valueName, type Feature, type Product } from './document';
import { FinishSheet } from './finish';
import { GuideSheet } from './guide';
import { FeatureCard, type FeatureProps } from './options';
import { optionPrices, type OptionPrices } from './option-prices';
import { PriceBar } from './price-bar';
import { pathOf, type QuotePage } from './reads';
import { useWork, type Work } from './working';

export function ConfigureScreen({ page, lineId }: { page: QuotePage; lineId: string }) {
  const work = useWork(page);
  const line = work.draft.value.value.content?.lines.find(({ id }) => id === lineId);
  const product = line && productOf(work.document, line.sku);
  const back = { href: pathOf(page.id), label: 'Quote' };
  if (!line || !product || !page.catalogue) {
    return (
      <Screen title="Not on this quote" back={back}>
        <Empty title={page.catalogue ? 'This line is not on the quote any more' : 'The catalogue of this quote is not on this phone yet'} />
      </Screen>
    );
  }
  const loading = modelOf(page.catalogue, product.sku).value;
  if (!loading?.model) {
    return (
      <Screen title={product.name} back={back}>
        {loading && (
          <Empty title="It cannot be configured here">
            <p>{loading.problem}</p>
          </Empty>
        )}
      </Screen>
    );
  }
  return <Configurator work={work} line={line} product={product} model={loading.model} />;
}

interface Props {
  work: Work;
  line: QuoteLine;
  product: Product;
  model: Model;
}

type SheetName = 'guide' | 'finish' | 'compare' | null;

function Configurator({ work, line, product, model }: Props) {
  const sheet = useSignal<SheetName>(null);
  const begun = useMemo(() => ({ ...line.configuration }), [line.id]);
  const past = useSignal<readonly (readonly Choice[])[]>([]);
  const narrowed = work.draft.value.value.narrowed;
  const choices = useMemo(() => choicesOf(line, narrowed), [line.choices, narrowed?.[line.id]]);
  const now = useMemo(() => evaluated(model, choices), [model, choices]);
  const put = (next: readonly Choice[]) => store(work, line.id, evaluated(model, next));
  const change = (next: readonly Choice[], said?: string) => {
    const before = now.choices;
    past.value = [...past.peek().slice(-49), before];
    put(next);
    if (said) say(said, () => undo());
  };
  const undo = () => {
    const before = past.peek().at(-1);
    if (!before) return;
    past.value = past.peek().slice(0, -1);
    put(before);
  };
  useEffect(() => {
    if (!line.configuration) put(now.choices); // what follows from the rules alone is known from the start
  }, []);
  const take = (feature: string, value: string) => {
    try {
      const swap = taken(model, now.choices, feature, value);
      change(swap.choices, swap.givenUp.length > 0 ? swapWords(product, feature, value, swap.givenUp) : undefined);
    } catch (error) {
      if (!(error instanceof CpqError)) throw error;
      const wanted = `${nameOf(product, feature)} ${valueName(featureOf(product, feature), value)}`;
      say(error instanceof NeverPossible ? `No configuration has ${wanted}` : `No configuration with ${wanted} was found in the time there was`);
    }
  };
  const release = (feature: string) => change(now.choices.filter((one) => one.feature !== feature));
  const close = () => (sheet.value = null);
  return (
    <ConfigureFrame work={work} line={line} product={product} now={now} onAdd={() => (now.state.complete ? leaveTo(pathOf(work.page.id)) : (sheet.value = 'finish'))}>
      <Tools past={past} onUndo={undo} sheet={sheet} product={product} />
      {model.engine === 'sat' && (
        <p class="note">
          <b>A very large model.</b> Each tap takes longer here: what is possible is searched for, not looked up. How many ways are left is not counted.
        </p>
      )}
      <Groups work={work} line={line} product={product} model={model} now={now} onTake={take} onRelease={release} />
      <Budgets model={model} now={now} product={product} />
      {sheet.value === 'guide' && <GuideSheet product={product} model={model} now={now} onChange={change} onClose={close} />}
      {sheet.value === 'finish' && <FinishSheet work={work} line={line} product={product} model={model} now={now} before={begun} onChange={change} onClose={close} />}
      {sheet.value === 'compare' && <CompareSheet work={work} line={line} product={product} known={knownOf(now.state)} before={begun} onClose={close} />}
    </ConfigureFrame>
  );
}

/** Keep what is chosen, what follows from it, and what is only narrowed. */
function store(work: Work, lineId: string, { choices, state }: Evaluated): void {
  const parts = apart(choices);
  const value = work.draft.value.peek();
  const lines = (value.content?.lines ?? []).map((line) => (line.id === lineId ? withChoices(line, parts.choices, knownOf(state)) : line));
  const { [lineId]: _, ...others } = value.narrowed ?? {};
  const narrowed = parts.narrowed.length > 0 ? { ...others, [lineId]: parts.narrowed } : others;
  if (value.content) work.draft.change({ content: { ...value.content, lines }, narrowed });
}

function withChoices({ choices: _, configuration: __, ...line }: QuoteLine, choices: { feature: string; value: string }[], known: Record<string, string>): QuoteLine {
  return { ...line, ...(choices.length > 0 ? { choices } : {}), ...(Object.keys(known).length > 0 ? { configuration: known } : {}) };
}

/** `Took Motor 11 kW; gave up Cabinet A, 400 mm` */
function swapWords(product: Product, feature: string, value: string, givenUp: readonly Choice[]): string {
  const words = (id: string, values: readonly string[]) => `${nameOf(product, id)} ${values.map((one) => valueName(featureOf(product, id), one)).join(' or ')}`;
  return `${words(feature, [value])} taken. Given up: ${givenUp.map((one) => words(one.feature, one.values)).join(', ')}`;
}

interface FrameProps extends Pick<Props, 'work' | 'line' | 'product'> {
  now: Evaluated;
  onAdd: () => void;
  children: ComponentChildren;
}

function ConfigureFrame({ work, line, product, now, onAdd, children }: FrameProps) {
  const { state } = now;
  const chosen = state.features.filter((one) => one.chosen?.length === 1).length;
  const counted = `${chosen} of ${state.features.length} chosen`;
  const ways = state.ways === null ? 'ways not counted' : `${state.waysExact ? '' : 'at most '}${waysWords(state.ways)} ${state.ways === 1n ? 'way' : 'ways'} left`;
  return (
    <Screen
      title={product.name} back={{ href: pathOf(work.page.id), label: 'Quote' }}
      sub={state.complete ? `Complete · ${counted}${chosen < state.features.length ? ', the rest follows' : ''}` : `${counted} · ${ways} · always completable`}
      bar={<PriceBar work={work} line={line} button="Add to quote" onButton={onAdd} />}
    >
      {children}
    </Screen>
  );
}

function Tools({ past, onUndo, sheet, product }: { past: Signal<readonly unknown[]>; onUndo: () => void; sheet: Signal<SheetName>; product: Product }) {
  return (
    <div class="tools-row" role="group" aria-label="Help with configuring">
      {(product.guide?.length ?? 0) > 0 && (
        <button class="chip" type="button" aria-haspopup="dialog" onClick={() => (sheet.value = 'guide')}>
          Ask me
        </button>
      )}
      <button class="chip" type="button" aria-haspopup="dialog" onClick={() => (sheet.value = 'finish')}>
        Finish for me
      </button>
      <button class="chip" type="button" aria-haspopup="dialog" onClick={() => (sheet.value = 'compare')}>
        Compare
      </button>
      <button class="chip" type="button" aria-disabled={past.value.length === 0} onClick={onUndo}>
        Undo
      </button>
    </div>
  );
}

const OTHERS = 'others';

type GroupsProps = Props & Pick<FeatureProps, 'now' | 'onTake' | 'onRelease'>;

/** Features a group at a time: a screen that a thumb gets through. */
function Groups({ work, line, product, model, now, onTake, onRelease }: GroupsProps) {
  const groups = useMemo(() => groupsOf(product), [product]);
  const asked = place.value.query.get('group');
  const current = groups.find(({ id }) => id === asked) ?? groups[0];
  const prices = useOptionPrices(work, line, model, now, current?.features ?? []);
  const show = (id: string) => {
    replace(`${location.pathname}?group=${id}`);
    document.querySelector('.rooms')?.scrollIntoView({ block: 'nearest' });
  };
  return (
    <>
      {groups.length > 1 && current && <GroupPicker groups={groups} current={current.id} now={now} onShow={show} />}
      {current?.features.map((feature) => (
        <FeatureCard
          key={feature.id} product={product} feature={feature} model={model} now={now} prices={prices?.get(feature.id) ?? null}
          onTake={onTake} onRelease={onRelease}
        />
      ))}
      {current && <NextGroup groups={groups} current={current.id} now={now} onShow={show} />}
    </>
  );
}

const isDecided = (now: Evaluated, feature: string): boolean => {
  const domain = now.byFeature.get(feature);
  return domain !== undefined && (domain.chosen?.length === 1 || domain.forced !== undefined);
};

/** Which group is shown: one step on or back, or any of them from a list. */
function GroupPicker({ groups, current, now, onShow }: { groups: Group[]; current: string; now: Evaluated; onShow: (id: string) => void }) {
  const at = groups.findIndex(({ id }) => id === current);
  const beside = (step: number) => groups[(at + step + groups.length) % groups.length] as Group;
  const words = ({ name, features }: Group) => `${name} ${features.filter((one) => isDecided(now, one.id)).length}/${features.length}`;
  return (
    <nav class="rooms" aria-label="Groups of features">
      <button class="round" type="button" aria-label={`Back to ${beside(-1).name}`} onClick={() => onShow(beside(-1).id)}>
        <Icon name="back" />
      </button>
      <select aria-label="Group of features" value={current} onChange={(event) => onShow(event.currentTarget.value)}>
        {groups.map((one) => (
          <option key={one.id} value={one.id}>
            {words(one)}
          </option>
        ))}
      </select>
      <button class="round" type="button" aria-label={`On to ${beside(1).name}`} onClick={() => onShow(beside(1).id)}>
        <Icon name="next" />
      </button>
    </nav>
  );
}

function NextGroup({ groups, current, now, onShow }: { groups: Group[]; current: string; now: Evaluated; onShow: (id: string) => void }) {
  const place_ = groups.findIndex(({ id }) => id === current);
  const open = [...groups.slice(place_ + 1), ...groups.slice(0, place_)].find(({ features }) => features.some((one) => !isDecided(now, one.id)));
  if (!open) return null;
  return (
    <button class="btn ghost wide" type="button" onClick={() => onShow(open.id)}>
      Next: {open.name}
    </button>
  );
}

interface Group {
  id: string;
  name: string;
  features: Feature[];
}

function groupsOf(product: Product): Group[] {
  const features = product.features ?? [];
  const known = new Set((product.groups ?? []).map(({ id }) => id));
  const named = (product.groups ?? []).map(({ id, name }) => ({ id, name, features: features.filter(({ group }) => group === id) }));
  const rest = features.filter(({ group }) => !group || !known.has(group));
  return [...named, { id: OTHERS, name: named.length > 0 ? 'More' : 'Features', features: rest }].filter((one) => one.features.length > 0);
}

/** How long the phone works on prices before it looks at what else there is to do, in milliseconds. */
const SLICE = 8;

/** What each value of these features would move the price by; worked out bit by bit, when the phone has time. */
function useOptionPrices(work: Work, line: QuoteLine, model: Model, now: Evaluated, features: Feature[]): OptionPrices | null {
  const { document, context } = work;
  const { content } = work.draft.value.value;
  const asked = useMemo(() => document && content && { document, content, context, line: line.id, model, now }, [document, content, context, now]);
  const found = useSignal<{ of: typeof asked; prices: OptionPrices } | null>(null);
  useEffect(() => {
    if (!asked) return undefined;
    const steps = optionPrices(asked, features);
    let cancel: () => void;
    const slice = () => {
      const until = performance.now() + SLICE;
      let prices: OptionPrices | undefined;
      let step = steps.next();
      for (; !step.done; step = steps.next()) {
        prices = step.value;
        if (performance.now() > until) break;
      }
      if (prices) found.value = { of: asked, prices: new Map(prices) };
      if (!step.done) cancel = whenIdle(slice);
    };
    cancel = whenIdle(slice);
    return () => cancel();
  }, [asked, features.map(({ id }) => id).join()]);
  // What was worked out before the last tap holds no more.
  return found.value?.of === asked ? (found.value?.prices ?? null) : null;
}
