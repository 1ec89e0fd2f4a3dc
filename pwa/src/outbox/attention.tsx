/** What came back: refused, clashing with somebody else's change, or kept for a manager. In plain words, and settled here. */
import { useSignal } from '@preact/signals';
import type { AttentionItem, Clash, Mutation, MutationProblem } from '../store/queue';
import type { Draft } from '../store/rows';
import { session } from '../store/state';
import { discard, exportAttention, resend, settle } from '../store/unsent';
import { now, timeZone, today } from '../ui/clock';
import { age } from '../ui/dates';
import { saveFile } from '../ui/file';
import { say } from '../ui/said';
import { draftOf, fateWords, sidesOf } from './fate';
import type { Outbox } from './reads';
import { entered, labelOf, titleOf, valueWords, type Names } from './words';

interface Props<T = AttentionItem> {
  item: T;
  outbox: Outbox;
}

export function AttentionCard({ item, outbox }: Props) {
  if (item.kind === 'conflict') return <ConflictCard item={item} outbox={outbox} />;
  if (item.kind === 'kept') return <KeptCard item={item} outbox={outbox} />;
  return <RejectedCard item={item} outbox={outbox} />;
}

type Of<Kind> = Extract<AttentionItem, { kind: Kind }>;

const aboutOf = (item: AttentionItem, { accounts }: Outbox): string | undefined => accounts.get(item.mutation.id)?.name;

function ConflictCard({ item, outbox }: Props<Of<'conflict'>>) {
  const { clash } = item;
  const words = (value: unknown) => valueWords(value, outbox.names, today.value, timeZone.value);
  const pick = async (choice: 'mine' | 'theirs') => {
    await settle(item.id, choice);
    say(choice === 'mine' ? 'Saved on this phone, sent as soon as possible' : 'It stays as it is');
  };
  const field = labelOf(clash.field);
  const sides = sidesOf(item, session.value?.user.id);
  return (
    <article class="card hero" aria-label={`Two versions of ${field}`}>
      <h2>
        Two versions <span>{aboutOf(item, outbox)}</span>
      </h2>
      <p>
        {sides.changed} <b>{field.toLowerCase()}</b>
        {sides.where}. Which one holds?
      </p>
      <div class="versions">
        <button class="version" type="button" onClick={() => void pick('mine')}>
          <span class="src">{sides.mine}</span>
          <b>{words(clash.mine)}</b>
          {sides.made_at && <span class="src">entered {age(sides.made_at, now.value, timeZone.value)}</span>}
        </button>
        <button class="version" type="button" onClick={() => void pick('theirs')}>
          <span class="src">{sides.theirs}</span>
          <b>{words(clash.theirs)}</b>
          <span class="src">{clash.at ? `entered ${age(clash.at, now.value, timeZone.value)}` : 'there now'}</span>
        </button>
      </div>
      <p class="src">{before(clash, words)}</p>
    </article>
  );
}

const before = (clash: Clash, words: (value: unknown) => string): string => `Before, it said: ${words(clash.base)}. Until you choose, the other one stays.`;

function RejectedCard({ item, outbox }: Props<Of<'rejected'>>) {
  return (
    <article class="card" aria-label={`${titleOf(item.mutation)} was not accepted`}>
      <h2>
        Not accepted <span>{aboutOf(item, outbox)}</span>
      </h2>
      <Why problem={item.problem} />
      <Entry mutation={item.mutation} names={outbox.names} />
      <Children children={item.children} names={outbox.names} />
      <div class="pair">
        <a class="btn ghost" href={whereToEdit(item)}>
          Edit
        </a>
        <button class="btn" type="button" onClick={() => void resend(item.id).then(() => say('Sent again as soon as possible'))}>
          Send again
        </button>
      </div>
      <Leaving item={item} />
    </article>
  );
}

/** A quote is put right where quotes are made; everything else in a form of its own. */
const whereToEdit = ({ id, mutation }: Of<'rejected'>): string =>
  mutation.name.startsWith('quote.') && mutation.name !== 'quote.answer' ? `/quotes/${String(mutation.args['id'])}` : `/unsent/${id}`;

function KeptCard({ item, outbox }: Props<Of<'kept'>>) {
  const draft = draftOf(item, item.mutation, outbox.drafts);
  const fate = fateWords(draft, today.value, timeZone.value);
  const title = titleOf(item.mutation);
  return (
    <article class="card" aria-label={fate ? `${title}: ${fate}` : `${title} waits for your manager`}>
      <h2>
        {fate ? 'Decided' : 'With your manager'} <span>{aboutOf(item, outbox)}</span>
      </h2>
      <p>
        {fate
          ? `${fate}. ${draft?.state === 'accepted' ? 'It is entered in your name.' : 'It is entered nowhere.'}`
          : 'The account is not yours any more, so this could not be entered. Nothing is lost: your manager has it and decides what becomes of it.'}
      </p>
      <Entry mutation={item.mutation} names={outbox.names} />
      {item.children.map((one) => (
        <KeptChild key={one.id} mutation={one} draft={draftOf(item, one, outbox.drafts)} names={outbox.names} />
      ))}
      <div class="pair">
        <KeepCopy item={item} />
        <button class="btn" type="button" onClick={() => void discard(item.id).then(() => say('Closed'))}>
          Close
        </button>
      </div>
    </article>
  );
}

/** What was entered on top of it has a draft, and a fate, of its own. */
function KeptChild({ mutation, draft, names }: { mutation: Mutation; draft: Draft | undefined; names: Names }) {
  return (
    <>
      <Entry mutation={mutation} names={names} />
      <p class="soft">{fateWords(draft, today.value, timeZone.value) ?? 'Your manager decides about it.'}</p>
    </>
  );
}

/** Why it was refused, as the server said it, and which field it was. */
export function Why({ problem }: { problem: MutationProblem }) {
  const errors = problem.errors ?? [];
  return (
    <div class="refused">
      <b>{plainTitle(problem)}</b>
      {problem.detail && errors.length === 0 && <p>{problem.detail}</p>}
      {errors.length > 0 && (
        <ul>
          {errors.map((error) => (
            <li key={`${error.pointer} ${error.detail}`}>
              {fieldOf(error.pointer) && `${labelOf(fieldOf(error.pointer))}: `}
              {error.detail}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

/** Some titles speak to those who build on the API. */
const PLAIN: Record<string, string> = {
  invalid: 'The server could not take it as it is',
  'parent-rejected': 'What it belongs to was not accepted',
  'internal-error': 'Something broke at the server',
};

function plainTitle({ type, title }: MutationProblem): string {
  return PLAIN[type?.split('/').at(-1) ?? ''] ?? title ?? 'The server did not accept this';
}

/** The field that a JSON pointer ends in. */
export const fieldOf = (pointer: string | undefined): string => (pointer ?? '').split('/').filter((part) => !/^\d*$/.test(part)).at(-1) ?? '';

export function Entry({ mutation, names }: { mutation: { name: string; args: Record<string, unknown> }; names: Names }) {
  return (
    <dl class="entry">
      <dt>{titleOf(mutation)}</dt>
      {entered(mutation).map(([field, value]) => (
        <dd key={field}>
          <span class="soft">{labelOf(field)}:</span> {valueWords(value, names, today.value, timeZone.value)}
        </dd>
      ))}
    </dl>
  );
}

function Children({ children, names }: { children: Mutation[]; names: Names }) {
  if (children.length === 0) return null;
  return (
    <>
      <p class="soft">Waiting with it, and sent together with it:</p>
      {children.map((one) => (
        <Entry key={one.id} mutation={one} names={names} />
      ))}
    </>
  );
}

function KeepCopy({ item }: { item: AttentionItem }) {
  return (
    <button class="btn ghost" type="button" onClick={() => void saveFile(exportAttention(item))}>
      Save as a file
    </button>
  );
}

/** Deleting is asked once. */
function Leaving({ item }: { item: Of<'rejected'> }) {
  const asking = useSignal(false);
  const count = 1 + item.children.length;
  const what = count === 1 ? 'this entry' : `these ${count} entries`;
  if (!asking.value) {
    return (
      <div class="pair">
        <KeepCopy item={item} />
        <button class="btn ghost" type="button" onClick={() => (asking.value = true)}>
          Delete
        </button>
      </div>
    );
  }
  return (
    <div role="group" aria-label="Delete for good?" class="asked">
      <p>Delete {what} for good? The server does not have it.</p>
      <div class="pair">
        <button class="btn ghost" type="button" onClick={() => (asking.value = false)}>
          Keep
        </button>
        <button class="btn danger" type="button" onClick={() => void discard(item.id).then(() => say('Deleted'))}>
          Delete for good
        </button>
      </div>
    </div>
  );
}
