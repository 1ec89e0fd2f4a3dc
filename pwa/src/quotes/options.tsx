/** A feature and its values: chosen, possible, or excluded with the reason and the swap. Nothing is ever disabled. */
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { FeatureDomain, Model } from '../cpq/config';
import { whenIdle } from '../ui/fold';
import { Icon } from '../ui/icons';
import { onlyValue, reasonFor, type Evaluated, type Reason } from './configuring';
import { valueName, type Feature, type Product } from './document';
import { Stepper } from './pieces';

export interface FeatureProps {
  product: Product;
  feature: Feature;
  model: Model;
  now: Evaluated;
  /** what each value would move the price by, in words, by value; null while it is worked out */
  prices: ReadonlyMap<string, string> | null;
  onTake: (feature: string, value: string) => void;
  onRelease: (feature: string) => void;
}

/** Beyond this many values a list is searched rather than read. */
const MANY_VALUES = 12;

export function FeatureCard(props: FeatureProps) {
  const { feature, now } = props;
  const domain = now.byFeature.get(feature.id);
  const query = useSignal('');
  if (!domain) return null;
  const out = valuesOf(feature, domain, props.model).filter((value) => !domain.valid.includes(value));
  return (
    <section class="card feature" id={`feature-${feature.id}`} aria-label={feature.name}>
      <h2>
        {feature.name} <span>{headSays(feature, domain)}</span>
      </h2>
      {feature.help && <p class="src help">{feature.help}</p>}
      {feature.type === 'integer' ? <Whole {...props} domain={domain} /> : <Values {...props} domain={domain} query={query.value} onQuery={(text) => (query.value = text)} />}
      {out.length > 0 && <Why {...props} out={out} />}
    </section>
  );
}

/** `chosen`, `follows from the rest`, or how many are left. */
function headSays(feature: Feature, domain: FeatureDomain): string {
  if (domain.chosen?.length === 1) return valueName(feature, domain.chosen[0] as string);
  if (domain.forced !== undefined) return 'follows from the rest';
  if (domain.chosen?.length) return `one of ${domain.chosen.length}`;
  return feature.type === 'boolean' ? 'open' : `${domain.valid.length} possible`;
}

function valuesOf(feature: Feature, domain: FeatureDomain, model: Model): string[] {
  const known = model.features.find(({ id }) => id === feature.id)?.values.map(({ id }) => id);
  return known ? [...known] : [...domain.valid];
}

function Values({ domain, query, onQuery, ...props }: FeatureProps & { domain: FeatureDomain; query: string; onQuery: (text: string) => void }) {
  const { feature, model } = props;
  const all = valuesOf(feature, domain, model);
  const searching = all.length > MANY_VALUES;
  const wanted = query.trim().toLowerCase();
  const shown = all.filter((value) => !wanted || valueName(feature, value).toLowerCase().includes(wanted));
  return (
    <>
      {searching && (
        <label class="find search">
          <span class="unseen">Find in {feature.name}</span>
          <Icon name="search" />
          <input type="search" value={query} placeholder={`Find in ${all.length}`} autocomplete="off" onInput={(event) => onQuery(event.currentTarget.value)} />
        </label>
      )}
      <div class="opts" role="group" aria-label={feature.name}>
        {shown.map((value) => <Option key={value} {...props} domain={domain} value={value} />)}
      </div>
      {shown.length === 0 && <p class="soft">Nothing in it is called that.</p>}
    </>
  );
}

function Option({ feature, product, model, now, prices, onTake, onRelease, domain, value }: FeatureProps & { domain: FeatureDomain; value: string }) {
  const chosen = domain.chosen?.length === 1 && domain.chosen[0] === value;
  const forced = domain.forced === value;
  const out = !domain.valid.includes(value);
  const reason = useReason(out ? { model, product, now, feature: feature.id, value } : null);
  const data = feature.values?.find((one) => one.id === value);
  const price = prices?.get(value);
  const tap = () => {
    if (chosen) onRelease(feature.id);
    else if (!forced) onTake(feature.id, value);
  };
  return (
    <button
      class={`opt${out ? ' out' : ''}${reason?.never ? ' never' : ''}${forced ? ' forced' : ''}`} type="button" aria-pressed={chosen || forced}
      {...(forced ? { 'aria-description': 'The only one that goes with the rest' } : {})} onClick={tap}
    >
      {data?.picture && (
        <svg class="picture" viewBox="0 0 24 24" aria-hidden="true">
          <path d={data.picture} />
        </svg>
      )}
      <b>{valueName(feature, value)}</b>
      {data?.help && <span class="src">{data.help}</span>}
      {out && <span class="src reason">{reason?.short ?? 'Excluded: swaps'}</span>}
      <span class="src">{chosen ? 'chosen' : forced ? 'the only one left' : reason?.never || price === undefined ? '\u00a0' : price || 'same price'}</span>
    </button>
  );
}

interface Asked {
  model: Model;
  product: Product;
  now: Evaluated;
  feature: string;
  value: string;
}

/** Reasons are worked out when the phone has time, and kept for as long as nothing else is chosen. */
const reasons = new WeakMap<Evaluated, Map<string, Reason>>();

function reasonNow({ model, product, now, feature, value }: Asked): Reason {
  let known = reasons.get(now);
  if (!known) reasons.set(now, (known = new Map()));
  const key = `${feature} ${value}`;
  let reason = known.get(key);
  if (!reason) known.set(key, (reason = reasonFor(model, product, now.choices, feature, value)));
  return reason;
}

function useReason(asked: Asked | null): Reason | null {
  const found = useSignal<{ of: Evaluated; reason: Reason } | null>(null);
  useEffect(() => {
    if (!asked) return undefined;
    return whenIdle(() => (found.value = { of: asked.now, reason: reasonNow(asked) }));
  }, [asked?.now, asked?.value]);
  return asked && found.value?.of === asked.now ? found.value.reason : null;
}

/** Why values are excluded, in the catalogue's words, and what to change to have them. */
function Why({ product, feature, model, now, out }: FeatureProps & { out: string[] }) {
  const open = useSignal(false);
  return (
    <details onToggle={(event) => (open.value = event.currentTarget.open)}>
      <summary>
        <Icon name="next" />
        {out.length === 1 ? `Why not ${valueName(feature, out[0] as string)}?` : `Why not these ${out.length}?`}
      </summary>
      {open.value && (
        <div class="reasons">
          {out.map((value) => <Because key={value} reason={reasonNow({ model, product, now, feature: feature.id, value })} name={valueName(feature, value)} model={model} />)}
        </div>
      )}
    </details>
  );
}

function Because({ reason, name, model }: { reason: Reason; name: string; model: Model }) {
  const budgets = reason.explanation?.budgets ?? [];
  const budget = (id: string) => model.budgets.find((one) => one.id === id);
  return (
    <div class="rule">
      <span class="sign info" aria-hidden="true">?</span>
      <div>
        <b>{name}</b>
        {reason.rules.map(({ id, text }) => (
          <p key={id}>
            “{text}”<span class="src">Rule {id}</span>
          </p>
        ))}
        {budgets.map(({ id, by }) => (
          <p key={id}>
            It would pass {budget(id)?.name ?? id} by {by} {budget(id)?.unit ?? ''}.
          </p>
        ))}
        <span class="src">{reason.never ? 'No configuration has it.' : reason.give.length > 0 ? `To take it, ${reason.give.join(' and ')} changes.` : ''}</span>
      </div>
    </div>
  );
}

/** An integer: up or down by one step; a number that the rules exclude swaps, as everywhere. */
function Whole({ feature, model, now, domain, prices, product, onTake }: FeatureProps & { domain: FeatureDomain }) {
  const values = valuesOf(feature, domain, model).map(Number).sort((a, b) => a - b);
  const current = onlyValue(domain) ?? String(feature.default ?? values[0] ?? 0);
  const [least, most, step] = [values[0] ?? 0, values.at(-1) ?? 0, (values[1] ?? 1) - (values[0] ?? 0) || 1];
  const next = String(Number(current) + step);
  const out = !domain.valid.includes(next) && Number(next) <= most;
  const reason = useReason(out ? { model, product, now, feature: feature.id, value: next } : null);
  const price = prices?.get(next);
  const isSet = onlyValue(domain) !== undefined;
  return (
    <>
      <Stepper label={feature.name ?? feature.id} value={current} min={least} max={most} step={step} unit={feature.unit} onStep={(value) => onTake(feature.id, value)} />
      <p class="src">
        {[
          isSet ? null : `Not chosen yet; ${current} is usual`,
          `${least} to ${most}`,
          price !== undefined && !out ? `the next is ${price || 'at the same price'}` : null,
          out && reason ? `${next}: ${reason.short}${price ? ` · ${price}` : ''}` : null,
        ].filter(Boolean).join(' · ')}
      </p>
      {!isSet && (
        <button class="btn ghost wide" type="button" onClick={() => onTake(feature.id, current)}>
          Take {current} {feature.unit}
        </button>
      )}
    </>
  );
}
