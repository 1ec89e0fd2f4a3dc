/** What is on its way: unsent, waiting for the rep, begun and not saved. The same on every screen's pill, one tap away. */
import type { ComponentChildren } from 'preact';
import { useSignal } from '@preact/signals';
import { pullNow } from '../store/session';
import type { Queued } from '../store/queue';
import { checkedAt, offlineSince, phoneState, refusal } from '../store/sync';
import { exportUnsent, lost, lostRead, unsent } from '../store/unsent';
import { now, timeZone, today } from '../ui/clock';
import { age, moment } from '../ui/dates';
import { saveFile } from '../ui/file';
import { Screen } from '../ui/frame';
import { Icon } from '../ui/icons';
import { forgetTyped } from '../ui/typed';
import { AttentionCard } from './attention';
import { ManagerDrafts } from './drafts';
import type { Outbox } from './reads';
import { gist, titleOf } from './words';

export function OutboxScreen({ outbox }: { outbox: Outbox }) {
  const { attention: items, drafts, waiting, begun } = outbox;
  return (
    <Screen title="Sent and unsent" sub={summary(items.length, waiting.length)} back={{ href: '/', label: 'Today' }}>
      <LostWork />
      {items.length > 0 && <h2 class="group">Needs attention</h2>}
      {items.map((item) => (
        <AttentionCard key={item.id} item={item} outbox={outbox} />
      ))}
      <ManagerDrafts drafts={drafts} names={outbox.names} />
      <Waiting outbox={outbox} />
      {begun.length > 0 && <Begun begun={begun} />}
      <Contact />
    </Screen>
  );
}

function summary(items: number, waiting: number): string {
  const owed = waiting > 0 ? `${waiting} unsent` : items === 0 ? 'Everything is sent' : null;
  const needs = items === 0 ? null : items === 1 ? '1 needs attention' : `${items} need attention`;
  return [owed, needs].filter(Boolean).join(' · ');
}

/** What the browser removed, said until it was read. */
function LostWork() {
  const what = lost.value;
  if (!what) return null;
  const at = what.since ? `, the oldest of ${moment(what.since, now.value, timeZone.value)}` : '';
  return (
    <section class="card" role="group" aria-label="Storage was emptied">
      <h2>Storage was emptied</h2>
      <p>
        This browser removed what Doorstep kept on this phone. {what.saved > 0 && `${entries(what.saved)} could be saved and will be sent. `}
        {what.count > 0 ? `${entries(what.count)} that were not sent yet are lost${at}. Please enter them again.` : 'Nothing that you entered is lost.'}
      </p>
      <button class="btn ghost wide spaced" type="button" onClick={() => void lostRead()}>
        I have read this
      </button>
    </section>
  );
}

const entries = (count: number): string => (count === 1 ? '1 entry' : `${count} entries`);

function Waiting({ outbox: { waiting, attention, accounts, names } }: { outbox: Outbox }) {
  if (waiting.length === 0) {
    return (
      <section class="card">
        <h2>Unsent</h2>
        <p>{nothingWaits(attention.length)}</p>
      </section>
    );
  }
  return (
    <section class="card">
      <h2>
        Unsent <span>{unsent.value.since && `since ${moment(unsent.value.since, now.value, timeZone.value)}`}</span>
      </h2>
      <ul class="rows">
        {waiting.map((one) => (
          <WaitingRow key={one.id} mutation={one} account={accounts.get(one.id)} words={gist(one, names, today.value, timeZone.value)} />
        ))}
      </ul>
      {unsent.value.photos > 0 && <p class="soft">{photosWords(unsent.value.photos)}</p>}
      <p class="soft">It is safe on this phone, and sent in this order as soon as the server can be reached.</p>
      <SaveAsFile />
    </section>
  );
}

function nothingWaits(needing: number): string {
  if (unsent.value.photos > 0) return photosWords(unsent.value.photos);
  return needing > 0 ? 'Nothing else: the server has the rest.' : 'Nothing. The server has everything that you entered on this phone.';
}

const photosWords = (count: number): string => (count === 1 ? '1 photo is being sent.' : `${count} photos are being sent.`);

function WaitingRow({ mutation, account, words }: { mutation: Queued; account: { id: string; name: string } | undefined; words: string }) {
  const content = (
    <>
      <span class="sign info" aria-hidden="true">
        <Icon name="clock" />
      </span>
      <span>
        <b>{titleOf(mutation)}</b>
        {words && `: ${words}`}
        <span class="src">{[account?.name, age(mutation.made_at, now.value, timeZone.value)].filter(Boolean).join(' · ')}</span>
      </span>
    </>
  );
  return <li>{account ? <a class="row" href={`/accounts/${account.id}`}>{content}</a> : <div class="row">{content}</div>}</li>;
}

/** For whoever would rather keep a copy: everything that the server does not have, readable. */
export function SaveAsFile({ children = 'Save a copy as a file' }: { children?: ComponentChildren }) {
  return (
    <button class="btn ghost wide spaced" type="button" onClick={() => void saveFile(exportUnsent())}>
      {children}
    </button>
  );
}

function Begun({ begun }: { begun: Outbox['begun'] }) {
  const gone = useSignal<string[]>([]);
  const forget = async (path: string) => {
    await forgetTyped(path);
    gone.value = [...gone.value, path];
  };
  const left = begun.filter((one) => !gone.value.includes(one.path));
  if (left.length === 0) return null;
  return (
    <section class="card">
      <h2>Begun, not saved</h2>
      <ul class="rows">
        {left.map((one) => (
          <li key={one.path} class="item">
            <a class="grow" href={one.path}>
              <b>{one.title}</b>
              <span class="src">typed {age(one.at, now.value, timeZone.value)}</span>
            </a>
            <button class="round" type="button" aria-label={`Throw away: ${one.title}`} onClick={() => void forget(one.path)}>
              <Icon name="close" />
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Contact() {
  const busy = useSignal(false);
  const ask = async () => {
    busy.value = true;
    await pullNow();
    busy.value = false;
  };
  const at = (instant: string) => age(instant, now.value, timeZone.value);
  return (
    <section class="card">
      <h2>The server</h2>
      <dl class="facts">
        <dt>Last answered</dt>
        <dd>{checkedAt.value ? at(checkedAt.value) : 'not yet'}</dd>
        {offlineSince.value && (
          <>
            <dt>Out of reach since</dt>
            <dd>{moment(offlineSince.value, now.value, timeZone.value)}</dd>
          </>
        )}
      </dl>
      {phoneState.value === 'refused' && <p class="note">The server refused: {refusal.value}</p>}
      {phoneState.value === 'sign-in' ? (
        <a class="btn wide spaced" href="/sign-in">
          Sign in again
        </a>
      ) : (
        <button class="btn ghost wide spaced" type="button" onClick={() => void ask()} aria-busy={busy.value}>
          {busy.value ? 'Asking the server…' : unsent.value.count > 0 ? 'Send now' : 'Update now'}
        </button>
      )}
    </section>
  );
}
