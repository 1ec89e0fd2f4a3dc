/** What the customer asked on their page, at which line, and the answer. */
import { useSignal } from '@preact/signals';
import type { QuoteQuestion } from '../store/rows';
import { now, timeZone } from '../ui/clock';
import { age } from '../ui/dates';
import { Prose } from '../ui/form';
import { save, write } from '../ui/save';
import { productOf } from './document';
import type { Work } from './working';

export function Questions({ work }: { work: Work }) {
  const questions = work.page.quote?.questions ?? [];
  if (questions.length === 0) return null;
  return (
    <section class={`card${questions.some(({ answer }) => !answer) ? ' hero' : ''}`} aria-label="Questions of the customer">
      <h2>Questions of the customer</h2>
      <ul class="rows">
        {questions.map((one) => (
          <li key={one.id}>
            <Question work={work} question={one} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function Question({ work, question }: { work: Work; question: QuoteQuestion }) {
  const text = useSignal('');
  const unsent = work.page.answers.get(question.id);
  const wrong = useSignal('');
  const line = work.draft.value.value.content?.lines.find(({ id }) => id === question.line);
  const about = line && (productOf(work.document, line.sku)?.name ?? line.sku);
  const at = (instant: string | undefined) => (instant ? age(instant, now.value, timeZone.value) : '');
  const answer = async () => {
    const said = text.value.trim();
    if (!said) {
      wrong.value = 'Write the answer first.';
      return;
    }
    await save([write('quote.answer', { id: question.id, text: said })]);
  };
  return (
    <div class="row">
      <span class={`sign ${question.answer ? 'good' : 'warn'}`} aria-hidden="true">?</span>
      <div>
        <p>“{question.text}”</p>
        <span class="src">{[about && `about ${about}`, at(question.asked_at)].filter(Boolean).join(' · ')}</span>
        {question.answer ? (
          <>
            <p class="spaced">{question.answer}</p>
            <span class="src">{['answered', question.author, at(question.answered_at)].filter(Boolean).join(' · ')}</span>
          </>
        ) : unsent ? (
          <>
            <p class="spaced">{unsent}</p>
            <span class="src">your answer, not sent yet</span>
          </>
        ) : (
          <div class="stack spaced">
            <Prose label="Your answer" value={text.value} onText={(said) => (text.value = said)} rows={2} most={2000} wrong={(text.value.trim() ? '' : wrong.value) || undefined} />
            <button class="btn" type="button" onClick={() => void answer()}>
              Answer
            </button>
          </div>
        )}
      </div>
    </div>
  );
}
