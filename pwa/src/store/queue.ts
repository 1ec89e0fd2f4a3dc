/** What waits to be sent and what came back: the records of the stores `mutation`, `attention` and `base`. */
import type { Instant, RowType, Rows } from './rows';
import type { MutationName } from './mutations.gen';

/** A problem as the server told it (RFC 9457). */
export interface MutationProblem {
  type?: string;
  title?: string;
  detail?: string;
  errors?: { pointer?: string; detail?: string }[];
}

/** One named write, made on this phone. */
export interface Mutation {
  /** UUIDv7; the same for as long as it is sent, so that it has its effect once */
  id: string;
  name: MutationName;
  version: number;
  args: Record<string, unknown>;
  /** the device's clock when it was made */
  made_at: Instant;
  /** the phone's estimate of server minus device clock then, milliseconds; absent when it had none */
  skew_ms?: number;
  /** mutations that make what this one names; rejected with them */
  depends_on?: string[];
}

/** A mutation in the queue. */
export interface Queued extends Mutation {
  /** its place on this phone; never changes */
  order: number;
  /**
   * The server did it, and rows that show so are yet to come: its sequence number, 0 when the very next rows will do.
   * Absent while it is unsent.
   */
  done?: number;
  /** it can be taken back until then, by the device's clock, milliseconds; it and what is behind it wait in the queue */
  hold?: number;
}

/** Longer than this nothing is held: a device whose clock was set back sends what it has. */
const LONGEST_HOLD_MS = 60_000;

/** How much longer this waits in the queue, milliseconds. */
export function heldFor({ hold }: Pick<Queued, 'hold'>, now: number): number {
  const rest = hold === undefined ? 0 : hold - now;
  return rest > LONGEST_HOLD_MS ? 0 : Math.max(0, rest);
}

/** The server's row under what this phone shows; `row` is null where the server has none. */
export interface Base {
  type: RowType;
  id: string;
  row: Rows[RowType] | null;
}

/** A field that somebody else changed meanwhile. */
export interface Clash {
  entity: RowType;
  row_id: string;
  /** dotted for a member: `address.city` */
  field: string;
  base: unknown;
  mine: unknown;
  theirs: unknown;
  by?: { id: string; name: string };
  at?: Instant;
}

/**
 * Something that needs the rep's attention.
 *
 * `rejected`: the server refused it; it can be edited and sent again (`resend`), or given up (`discard`).
 * `conflict`: two people changed one field; settled with one tap (`settle`).
 * `kept`: the account is not the rep's any more; a manager decides what becomes of it; the rep can only close it (`discard`).
 */
export type AttentionItem = {
  id: string;
  /** when the phone was told */
  at: Instant;
  /** what was sent */
  mutation: Mutation;
} & (
  | {
      kind: 'rejected';
      problem: MutationProblem;
      children: Mutation[];
      /** the server has the attachment and refused its bytes: they alone are sent again */
      bytes?: true;
    }
  | { kind: 'kept'; problem: MutationProblem; children: Mutation[]; draft: string }
  | {
      kind: 'conflict';
      clash: Clash;
      /** whose draft it was that this user accepted: `mine` in the clash is what they had entered */
      drafted?: { author: string; made_at: Instant };
    }
);

/** Bytes of a photo or file, until the server has all of them. */
export interface Blob {
  /** of the attachment */
  id: string;
  account_id: string;
  name: string;
  media_type: string;
  bytes: Uint8Array<ArrayBuffer>;
  /** how many the server had when it was last asked */
  received: number;
  /** what announced them is kept for a manager, and its card is closed */
  kept?: true;
}
