/** Put right what the server refused, and send it again with everything that waits with it. */
import type { AttentionItem } from '../store/queue';
import { resend } from '../store/unsent';
import { Day, FormScreen, Prose, Select, Text } from '../ui/form';
import { here, leaveTo } from '../ui/router';
import { say } from '../ui/said';
import { useTyped, type Typed } from '../ui/typed';
import { Empty, Screen } from '../ui/frame';
import { fieldOf, Why } from './attention';
import { editable, labelOf, titleOf } from './words';

const BACK = { href: '/unsent', label: 'Unsent' };
type Refused = Extract<AttentionItem, { kind: 'rejected' }>;

export function EditScreen({ item, path, typed }: { item: AttentionItem | undefined; path: string; typed: Typed<Record<string, string>> | null }) {
  if (item?.kind !== 'rejected') {
    return (
      <Screen title="Settled" back={BACK}>
        <Empty title="There is nothing left to put right here">
          <p>It was sent again, or deleted.</p>
        </Empty>
      </Screen>
    );
  }
  return <Editor item={item} path={path} typed={typed} />;
}

function Editor({ item, path, typed }: { item: Refused; path: string; typed: Typed<Record<string, string>> | null }) {
  const { args } = item.mutation;
  const nested = typeof args['fields'] === 'object' && args['fields'] !== null;
  const fields = (nested ? args['fields'] : args) as Record<string, unknown>;
  const faults = new Map((item.problem.errors ?? []).map((error) => [fieldOf(error.pointer), error.detail]));
  const open = editable(item.mutation, new Set(faults.keys()));
  const initial = Object.fromEntries(open.map(({ field }) => [field, String(fields[field] ?? '')]));
  const draft = useTyped<Record<string, string>>(path, `${titleOf(item.mutation)}, not accepted`, initial, typed);
  const form = draft.value.value;
  const send = async () => {
    const at = here();
    const put = Object.fromEntries(open.map(({ field }) => [field, form[field]?.trim() || null]));
    const kept = Object.fromEntries(Object.entries({ ...fields, ...put }).filter(([, value]) => nested || value !== null));
    await resend(item.id, nested ? { ...args, fields: kept } : kept);
    await draft.forget();
    say('Saved on this phone, sent as soon as possible');
    if (here() === at) leaveTo(BACK.href);
  };
  return (
    <FormScreen title={titleOf(item.mutation)} sub="Put it right and send it again" back={BACK} save="Send again" onSave={send}>
      {() => (
        <section class="card">
          <Why problem={item.problem} />
          {open.length === 0 && <p>There is nothing in it that can be changed here. It can be sent again as it is.</p>}
          {open.map(({ field, kind, limit }) => {
            const props = { label: labelOf(field), value: form[field] ?? '', onText: (text: string) => draft.change({ [field]: text }), wrong: faults.get(field) };
            if (kind === 'day') return <Day key={field} legend={props.label} value={props.value} onDay={props.onText} wrong={props.wrong} />;
            if (kind === 'choice') return <Select key={field} {...props} options={(limit.values ?? []).map((one) => [one, one.replaceAll('_', ' ')] as const)} />;
            if (kind === 'prose') return <Prose key={field} {...props} most={limit.maxLength ?? 4000} />;
            return <Text key={field} {...props} maxLength={limit.maxLength ?? 300} autocapitalize="sentences" />;
          })}
          {item.children.length > 0 && <p class="soft">{item.children.length === 1 ? 'One entry is' : `${item.children.length} entries are`} sent together with it.</p>}
        </section>
      )}
    </FormScreen>
  );
}
