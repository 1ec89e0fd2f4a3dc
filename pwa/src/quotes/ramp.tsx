/** A quantity that grows, or shrinks, by the month: from the beginning, and then from each step on. */
import type { QuoteLine, RampPart } from '../cpq/quote';
import { Icon } from '../ui/icons';
import { Stepper } from './pieces';
import type { Work } from './working';

const MOST = 1_000_000;

interface Props {
  work: Work;
  line: QuoteLine;
  onChange: (part: Partial<QuoteLine>) => void;
}

/** The term of a line, or the first that is for its product: the engine takes the same. */
function termsOf({ document }: Work, line: QuoteLine) {
  const all = (document?.terms ?? []).filter(({ applies_to }) => !applies_to?.length || applies_to.includes(line.sku));
  const own = all.find(({ id }) => id === line.term) ?? all[0];
  return { all, months: Number(own?.months ?? 0), name: own?.name ?? own?.id ?? '' };
}

export function Ramp({ work, line, onChange }: Props) {
  const { all, months, name } = termsOf(work, line);
  const ramp = line.ramp ?? [];
  if (line.ends_on) return <p class="src">What ends on a day of its own does not grow in steps.</p>;
  if (months < 2) {
    const longer = all.filter((one) => Number(one.months) > 1);
    if (longer.length === 0) return null;
    return (
      <div class="stack">
        <p>{name ? `${name} has` : 'It has'} no steps: they lie within a longer term.</p>
        {longer.map((one) => (
          <button key={one.id} class="btn ghost" type="button" onClick={() => onChange({ term: one.id, ramp: begun(line, Number(one.months)) })}>
            Grow in steps over {(one.name ?? one.id).toLowerCase()}
          </button>
        ))}
      </div>
    );
  }
  return (
    <div class="stack">
      {ramp.map((_, place) => <Step key={place} ramp={ramp} place={place} months={months} line={line} onChange={onChange} />)}
      {ramp.length === 0 ? (
        <button class="chip" type="button" onClick={() => onChange({ ramp: begun(line, months) })}>
          <Icon name="add" />
          Grow in steps
        </button>
      ) : (
        (ramp.at(-1)?.from_month ?? 0) < months - 1 && (
          <button class="chip" type="button" onClick={() => onChange({ ramp: [...ramp, after(ramp, months)] })}>
            <Icon name="add" />
            Another step
          </button>
        )
      )}
    </div>
  );
}

/** From as many as there are, one more from the middle of the term on. */
const begun = ({ quantity }: QuoteLine, months: number): RampPart[] => [
  { from_month: 0, quantity },
  { from_month: Math.min(6, Math.floor(months / 2)), quantity: String(Number(quantity) + 1) },
];

const after = (ramp: RampPart[], months: number): RampPart => {
  const last = ramp.at(-1) as RampPart;
  return { ...last, from_month: Math.min(last.from_month + 6, months - 1) };
};

interface StepProps extends Omit<Props, 'work'> {
  ramp: RampPart[];
  place: number;
  months: number;
}

function Step({ ramp, place, months, line, onChange }: StepProps) {
  const one = ramp[place] as RampPart;
  const put = (part: Partial<RampPart>) => onChange({ ramp: ramp.map((other, at) => (at === place ? { ...other, ...part } : other)) });
  const remove = () => {
    const left = ramp.filter((_, at) => at !== place);
    onChange(left.length > 1 ? { ramp: left } : { ramp: [], quantity: ramp[0]?.quantity ?? line.quantity });
  };
  const [least, most] = [(ramp[place - 1]?.from_month ?? 0) + 1, (ramp[place + 1]?.from_month ?? months) - 1];
  return (
    <div class="inset">
      {place > 0 && <Stepper label={`Step ${place}: after how many months`} value={String(one.from_month)} min={least} max={most} onStep={(month) => put({ from_month: Number(month) })} />}
      <Stepper label={place === 0 ? 'How many to begin with' : `How many after ${one.from_month} months`} value={one.quantity ?? line.quantity} min={0} max={MOST} onStep={(quantity) => put({ quantity })} />
      {place > 0 && (
        <button class="btn ghost" type="button" onClick={remove}>
          Remove step {place}
        </button>
      )}
    </div>
  );
}

/** What is left of a ramp in a shorter term: steps after its end are gone. */
export function rampWithin(line: QuoteLine, months: number): Partial<QuoteLine> {
  const left = (line.ramp ?? []).filter(({ from_month }) => from_month < months);
  if (!line.ramp?.length || left.length === line.ramp.length) return {};
  return left.length > 1 ? { ramp: left } : { ramp: [], quantity: left[0]?.quantity ?? line.quantity };
}
