/** Guided questions: what flow, what medium, which zone. An answer sets features or narrows them, and swaps what is in its way. */
import { useSignal } from '@preact/signals';
import { answer, NeverPossible, type Choice, type Model } from '../cpq/config';
import { Text } from '../ui/form';
import { featureOf, nameOf, narrowed, type Evaluated } from './configuring';
import { questionsOf, valueName, type Product, type Question } from './document';
import { Options, Sheet } from './pieces';

interface Props {
  product: Product;
  model: Model;
  now: Evaluated;
  onChange: (choices: readonly Choice[], said?: string) => void;
  onClose: () => void;
}

/** Answers given in this session, by question: what is chosen says the rest. */
const given = new WeakMap<Product, Map<string, string>>();

export function GuideSheet({ product, model, now, onChange, onClose }: Props) {
  const answers = useSignal(new Map(given.get(product)));
  const wrong = useSignal<Record<string, string>>({});
  // Said at the question: what is said at the thumb lies below this sheet.
  const came = useSignal<Record<string, string>>({});
  const reply = (question: Question, text: string) => {
    const kept = new Map(answers.value).set(question.id, text);
    answers.value = kept;
    given.set(product, kept);
    if (text.trim() === '') return;
    const { choices, said, problem } = answered(product, model, now.choices, question, text);
    wrong.value = { ...wrong.value, [question.id]: problem };
    came.value = { ...came.value, [question.id]: said };
    if (!problem) onChange(choices, said);
  };
  return (
    <Sheet title="A few questions" onClose={onClose}>
      <p class="soft">Answer what you know. Each answer sets what follows from it; everything can be changed afterwards.</p>
      <div class="asks">
        {questionsOf(product).map((one) => (
          <Ask key={one.id} question={one} value={answers.value.get(one.id) ?? ''} wrong={wrong.value[one.id]} said={came.value[one.id]} onReply={(text) => reply(one, text)} />
        ))}
      </div>
    </Sheet>
  );
}

interface AskProps {
  question: Question;
  value: string;
  wrong: string | undefined;
  /** what the answer set, and what was given up for it */
  said: string | undefined;
  onReply: (text: string) => void;
}

function Ask({ question, value, wrong, said, onReply }: AskProps) {
  const typed = useSignal(value);
  const send = (event: SubmitEvent) => {
    event.preventDefault();
    onReply(typed.value.replace(',', '.').trim());
  };
  if (question.type === 'choice') {
    return (
      <div class="field">
        <b>{question.ask}</b>
        <Options label={question.ask} options={(question.answers ?? []).map(({ id, name }) => ({ value: id, name }))} value={value} onPick={onReply} />
        {wrong && <span class="wrong">{wrong}</span>}
        <span class="src" role="status">{said}</span>
      </div>
    );
  }
  return (
    <form class="stack" noValidate onSubmit={send}>
      <Text label={question.ask} value={typed.value} inputMode="decimal" wrong={wrong || undefined} onText={(text) => (typed.value = text)} />
      <button class="btn ghost">
        Answer{typed.value ? `: ${typed.value} ${question.unit ?? ''}` : ''}
      </button>
      <span class="src" role="status">{said}</span>
    </form>
  );
}

/** The choices after an answer; what it changed in words; or why it cannot be. */
function answered(product: Product, model: Model, before: readonly Choice[], question: Question, text: string): { choices: readonly Choice[]; said: string; problem: string } {
  try {
    let choices = before;
    const givenUp: Choice[] = [];
    const set = answer(product, question.id, text);
    for (const one of set) {
      const step = narrowed(model, choices, one);
      choices = step.choices;
      givenUp.push(...step.givenUp);
    }
    const valuesOf = ({ feature, values }: Choice) => values.map((value) => valueName(featureOf(product, feature), value)).join(' or ');
    const words = (all: readonly Choice[]) => all.map((one) => `${nameOf(product, one.feature)} ${valuesOf(one)}`).join(', ');
    return { choices, said: `${words(set)}${givenUp.length > 0 ? `. Given up: ${words(givenUp)}` : ''}`, problem: '' };
  } catch (error) {
    if (error instanceof NeverPossible) return { choices: before, said: '', problem: 'No configuration fits this answer.' };
    if (error instanceof Error) return { choices: before, said: '', problem: problemOf(question, text) || error.message };
    throw error;
  }
}

/** What to answer instead, where a number is none or beyond what is made. */
function problemOf({ type, unit = '', ranges }: Question, text: string): string {
  const most = ranges?.at(-1)?.upto;
  if (type !== 'number') return '';
  if (!/^\d+(\.\d+)?$/.test(text)) return 'Write a number.';
  return most === undefined || most === null ? '' : `Nothing here is made for that much. At most ${most} ${unit}`.trim() + '.';
}
