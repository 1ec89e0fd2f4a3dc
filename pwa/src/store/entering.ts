/** What the rep enters, takes back and answers on a phone, and what they take along as a file. */
import { writeMeta, type Database, type Meta } from './database';
import type { Environment } from './environment';
import { exportFile } from './export';
import { Journal } from './journal';
import type { MutationName, Mutations } from './mutations.gen';
import type { AttentionItem, Blob } from './queue';
import { unlessClosed } from './replay';
import { Shown } from './shown';
import { prepared } from './uploads';
import {
  discard, enter, newId, NotSavedError, notSaved, resend, settle, takeBack,
  type Answered, type Entered, type Saved, type Write, type Writer,
} from './writes';

export interface Saving {
  holdMs?: number;
  safe?: () => Promise<void>;
  forget?: keyof Meta;
}

export abstract class Entering {
  readonly shown = new Shown();
  readonly journal: Journal;

  constructor(readonly env: Environment) {
    this.journal = new Journal(env);
  }

  abstract syncNow(again?: boolean): Promise<void>;

  /** Queue, rows or what needs attention changed; nothing is owed any more for the mutations in `settled`. */
  protected abstract changed(settled: readonly string[], rows: boolean): Promise<void>;

  /** The time by the server's clock, as far as it is known: for what is shown, and for what is written in it. */
  now = (): Date => new Date(this.env.now() + (this.shown.skew.value ?? 0));

  newId = (): string => newId(this.env, this.shown.skew.value);

  /**
   * Save what the rep entered: it is on the disk and shown when this resolves, and sent when there is a network.
   *
   * @throws NotSavedError, with words for the rep; nothing of it was kept then
   */
  async mutate<Name extends MutationName>(name: Name, args: Mutations[Name], blob?: Blob): Promise<Saved> {
    const [saved] = await this.mutateAll([{ name, args } as unknown as Write], blob && [blob]);
    return saved as Saved;
  }

  /**
   * The same of several mutations that belong together: all of them or none.
   *
   * `holdMs` is how long they can be taken back. `safe` is called once they are on the disk; what is shown is read anew
   * when it resolves, so that the rep is told first. `forget` is removed in the same transaction: what was typed and is
   * now saved.
   */
  async mutateAll(writes: readonly Write[], blobs: readonly Blob[] = [], { holdMs = 0, safe, forget }: Saving = {}): Promise<Saved[]> {
    const writer = this.writer();
    const records = await enter(writer, writes as unknown as Entered[], { blobs, holdMs, forget }).catch((error: unknown) => {
      throw notSaved(error);
    });
    this.journal.add(writer.author.id, records);
    await safe?.();
    await this.changed([], true).catch(unlessClosed); // it is saved, whatever becomes of this tab
    void this.askToPersist(writer.db);
    void this.syncNow(true);
    return records.map(({ id }) => ({ id }));
  }

  /**
   * Take back what was entered with `holdMs`, as if it had never been.
   *
   * @returns false when it is too late; it is then entered like anything else
   */
  async takeBack(id: string): Promise<boolean> {
    const taken = await takeBack(this.writer(), id);
    if (taken) await this.changed([id], true);
    return taken;
  }

  /** Keep the bytes of a photo or file, and queue it; the bytes follow when the server knows of it. */
  async attach(
    bytes: Uint8Array<ArrayBuffer>, about: Omit<Mutations['attachment.add'], 'id' | 'size' | 'sha256'> & { id?: string },
  ): Promise<{ id: string; saved: Saved }> {
    const { args, blob } = await this.attachment(bytes, about);
    return { id: args.id, saved: await this.mutate('attachment.add', args, blob) };
  }

  /** What `attach` saves, to be saved together with other things by `mutateAll`. */
  async attachment(
    bytes: Uint8Array<ArrayBuffer>, about: Omit<Mutations['attachment.add'], 'id' | 'size' | 'sha256'> & { id?: string },
  ): Promise<{ args: Mutations['attachment.add']; blob: Blob }> {
    return prepared(this.env, bytes, { ...about, id: about.id ?? this.newId() });
  }

  settle = (id: string, choice: 'mine' | 'theirs'): Promise<void> => this.answer((writer) => settle(writer, id, choice));
  discard = (id: string): Promise<void> => this.answer((writer) => discard(writer, id));
  resend = (id: string, args?: Record<string, unknown>): Promise<void> => this.answer((writer) => resend(writer, id, args));

  private async answer(write: (writer: Writer) => Promise<Answered>): Promise<void> {
    const writer = this.writer();
    const { added, closed } = await write(writer).catch((error: unknown) => {
      throw error instanceof TypeError ? error : notSaved(error);
    });
    this.journal.add(writer.author.id, added);
    await this.changed(closed, true);
    if (added.length || this.shown.unsent.value.photos) void this.syncNow(true);
  }

  /** Everything that is unsent or needs attention, photos included, to keep or to hand to somebody. */
  async exportUnsent(): Promise<File> {
    const { db, author } = this.writer();
    return exportFile(db, author, this.now());
  }

  /** One thing that needs attention, as a file. */
  async exportAttention(item: AttentionItem): Promise<File> {
    const { db, author } = this.writer();
    return exportFile(db, author, this.now(), item);
  }

  /** The rep has read what was lost. */
  lostRead(): void {
    this.shown.lost.value = null;
  }

  protected writer(): Writer {
    const { database, session, skew } = this.shown;
    if (!database.value || !session.value) throw new NotSavedError('signed-out');
    return { env: this.env, db: database.value, author: session.value.user, ...(skew.value === undefined ? {} : { skew: skew.value }) };
  }

  /** Once something is entered, it is worth asking the browser to keep it; its answer is remembered. */
  private async askToPersist(db: Database): Promise<void> {
    if (this.shown.persisted.value) return;
    const persisted = await this.env.persist().catch(() => null);
    if (persisted === null) return;
    this.shown.persisted.value = persisted;
    await writeMeta(db, 'persisted', persisted).catch(unlessClosed);
  }
}
