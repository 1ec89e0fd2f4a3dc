/** The rows a pull brings: wire shapes, one interface a type. Absent fields are left out by the server. */

export type Instant = string; // RFC 3339, UTC
export type IsoDate = string; // YYYY-MM-DD

export interface Money {
  amount: string;
  currency: string;
}

export interface Me {
  id: string;
  email: string;
  name: string;
  role: string;
  time_zone: string;
  locale: string;
  org?: string | { id: string; name: string };
  /** days without contact after which the app asks to sign in before it opens */
  offline_lease_days?: number;
}

export interface Address {
  street?: string;
  postal_code?: string;
  city?: string;
  region?: string;
  country?: string;
}

export interface Account {
  id: string;
  name: string;
  industry?: string;
  status?: string;
  phone?: string;
  website?: string;
  address?: Address;
  time_zone?: string;
  employees?: number;
  aliases?: string[];
  notes?: string;
}

export type Channel = 'phone' | 'email' | 'sms' | 'visit';

export interface Person {
  id: string;
  account_id: string;
  name: string;
  title?: string;
  role?: string;
  email?: string;
  phone?: string;
  mobile?: string;
  language?: string;
  preferred_channel?: Channel | 'none';
  preferred_times?: string;
  consent?: Partial<Record<Channel, 'granted' | 'withdrawn' | 'unknown'>>;
  started_on?: IsoDate;
  left_on?: IsoDate;
  notes?: string;
}

export interface Visit {
  id: string;
  account_id: string;
  starts_at: Instant;
  ends_at: Instant;
  time_zone: string;
  place?: string;
  purpose?: string;
  status: 'planned' | 'done' | 'cancelled';
  user_id?: string;
  done_at?: Instant;
  attendee_ids?: string[];
  notes?: string;
  outcome?: string;
  next_step?: string;
}

export interface Subscription {
  id: string;
  account_id: string;
  product?: string;
  /** of the product, as catalogues know it */
  sku?: string;
  contract_number?: string;
  quantity?: number;
  starts_on?: IsoDate;
  ends_on?: IsoDate;
  renews_on?: IsoDate;
  term_months?: number;
  notice_days?: number;
  auto_renew?: boolean;
  status?: string;
  price?: Money;
  notes?: string;
}

export interface Ticket {
  id: string;
  account_id: string;
  number: string;
  subject: string;
  status: string;
  priority?: string;
  category?: string;
  assignee?: string;
  opened_at?: Instant;
  due_at?: Instant;
  solved_at?: Instant;
  closed_at?: Instant;
  reopened_count?: number;
  url?: string;
}

export interface CustomerPromise {
  id: string;
  account_id: string;
  person_id?: string;
  user_id?: string;
  text: string;
  made_on?: IsoDate;
  due_on: IsoDate;
  status: 'open' | 'kept' | 'broken';
  kept_on?: IsoDate;
  visit_id?: string;
}

export interface Goal {
  id: string;
  account_id: string;
  person_id?: string;
  title: string;
  target?: string;
  due_on?: IsoDate;
  status: 'open' | 'reached' | 'dropped';
}

/** Something noted at an account or a visit; never changed. */
export interface Note {
  id: string;
  account_id: string;
  visit_id?: string;
  user_id?: string;
  author: string;
  text: string;
  written_at: Instant;
}

/** What a message carries along: a line of the briefing as it stood, or an attachment. */
export type Attached =
  | { kind: 'line'; line: { kind: string; facts: Record<string, Fact> }; label: string }
  | { kind: 'attachment'; id: string };

/** Something said to colleagues, in the thread of an account or of a visit; never changed. */
export interface Message {
  id: string;
  account_id: string;
  visit_id?: string;
  user_id?: string;
  author: string;
  text: string;
  mentions?: string[];
  attached?: Attached[];
  written_at: Instant;
}

/** Somebody who can be mentioned. */
export interface Colleague {
  id: string;
  name: string;
  role: string;
}

/** A photo or file at an account; the bytes are fetched when looked at. */
export interface Attachment {
  id: string;
  account_id: string;
  visit_id?: string;
  user_id?: string;
  author: string;
  name: string;
  media_type: string;
  size: number;
  taken_at?: Instant;
  /** all its bytes are on the server */
  complete?: boolean;
}

/** What a rep entered for an account that they had lost meanwhile; a manager decides. Its author holds it too. */
export interface Draft {
  id: string;
  account_id: string;
  /** the account's name */
  account: string;
  user_id: string;
  author: string;
  /** of the mutation */
  name: string;
  args: Record<string, unknown>;
  made_at: Instant;
  reason: string;
  /** others' are only ever open; one's own stay for 30 days after they were decided */
  state: 'open' | 'accepted' | 'dismissed';
  /** the name of whoever decided; absent when they are gone */
  decided_by?: string;
  decided_at?: Instant;
  /** entered by this user */
  mine?: true;
}

export type Fact =
  | string
  | number
  | boolean
  | { date: IsoDate }
  | { instant: Instant }
  | { money: [amount: string, currency: string] };

export interface Evidence {
  type: string;
  id: string;
  source: string;
  as_of: Instant;
  label: string;
  url?: string;
}

export interface Line {
  kind: string;
  facts: Record<string, Fact>;
  evidence: number[];
  weight: number;
  reason?: string;
  subject?: { type: string; id: string; name: string };
}

export interface MissingLine {
  kind: string;
  facts?: Record<string, Fact>;
  evidence?: number[];
}

export interface BriefedPerson {
  id: string;
  name: string;
  title?: string;
  role?: string;
  phone?: string;
  email?: string;
  channel?: Channel | 'none';
  times?: string;
  lines?: Line[];
}

export interface Chart {
  series_id: string;
  name: string;
  unit: string;
  from: IsoDate;
  values: (number | null)[];
  plan: number | null;
  change: { on: IsoDate; pct: number } | null;
  evidence: number;
}

export type CardKind = 'before' | 'people' | 'since' | 'usage' | 'service' | 'news' | 'promises' | 'quotes' | 'offer';

export interface Card {
  kind: CardKind;
  lines?: Line[];
  missing?: MissingLine[];
  people?: BriefedPerson[];
  charts?: Chart[];
  since?: IsoDate;
}

export interface Briefing {
  id: string;
  account_id: string;
  visit_id?: string | null;
  as_of: Instant;
  evidence: Evidence[];
  cards: Card[];
}

/**
 * What a notice brought before a visit, kept by the worker under the visit's id: what is read with no network until a pull
 * has brought the rows themselves. The rows are short ones.
 */
export interface Pushed {
  id: string;
  /** whose notice it is */
  user_id: string;
  visit: Visit;
  account?: Account;
  briefing?: Briefing;
  /** a number to call */
  phone?: string | null;
  /** an address that a map finds */
  place?: string | null;
  sent_at: Instant;
}

/** A catalogue that may be quoted from; its content is fetched apart, by its hash. */
export interface CatalogueRow {
  id: string;
  /** the slug that it is known by, the same in every version */
  key: string;
  version: string;
  name: string;
  /** of the content: SHA-256, hexadecimal */
  hash: string;
  /** of the content, as it is fetched */
  bytes?: number;
  valid_from?: IsoDate;
  valid_to?: IsoDate;
}

/** What was agreed with an account and changes its prices. */
export interface Agreement {
  id: string;
  account_id: string;
  number: string;
  name: string;
  valid_from?: IsoDate;
  valid_to?: IsoDate;
  /** price steps, as the engine reads them */
  steps: unknown[];
}

export type QuoteStatus =
  | 'draft' | 'in_approval' | 'approved' | 'refused' | 'sent' | 'viewed' | 'accepted' | 'declined' | 'expired' | 'withdrawn';

export interface QuoteTotals {
  net: string;
  gross: string;
  currency: string;
}

/** What the server priced otherwise than the phone had shown. */
export interface QuoteDifference {
  shown: QuoteTotals & { digest?: string };
  priced: QuoteTotals & { digest?: string };
  lines?: { line: string; name?: string; shown?: string | null; priced?: string | null }[];
}

/** An approval that a quote needs; who asked for it and why, and what was decided. */
export interface QuoteApproval {
  id?: string;
  rule?: string;
  role?: string;
  reason?: string;
  line?: string;
  /** a name */
  asked_by?: string;
  asked_at?: Instant;
  asked_why?: string;
  decision?: 'approve' | 'refuse';
  /** a name */
  decided_by?: string;
  decided_at?: Instant;
  decision_reason?: string;
}

/** Something that the customer asked on their page. */
export interface QuoteQuestion {
  id: string;
  line?: string;
  text: string;
  asked_at: Instant;
  answer?: string;
  answered_at?: Instant;
  /** who answered */
  author?: string;
}

export interface Quote {
  id: string;
  number: string;
  account_id: string;
  person_id?: string;
  visit_id?: string;
  user_id?: string;
  author: string;
  title: string;
  status: QuoteStatus;
  version: number;
  revision: number;
  valid_until?: IsoDate;
  /** for colleagues */
  notes?: string;
  /** as the engine reads it */
  content: unknown;
  totals: QuoteTotals;
  digest?: string;
  difference?: QuoteDifference;
  approvals?: QuoteApproval[];
  questions?: QuoteQuestion[];
  /** the customer's page, once it was sent */
  link?: string;
  sent_at?: Instant;
  viewed_at?: Instant;
  decided_at?: Instant;
  decided_by?: string;
  decision_reason?: string;
  updated_at?: Instant;
}

export interface Rows {
  me: Me;
  account: Account;
  person: Person;
  visit: Visit;
  briefing: Briefing;
  subscription: Subscription;
  ticket: Ticket;
  promise: CustomerPromise;
  goal: Goal;
  note: Note;
  message: Message;
  colleague: Colleague;
  attachment: Attachment;
  draft: Draft;
  catalogue: CatalogueRow;
  agreement: Agreement;
  quote: Quote;
}

export type RowType = keyof Rows;

export const ROW_TYPES: readonly RowType[] = [
  'me', 'account', 'person', 'visit', 'briefing', 'subscription', 'ticket', 'promise', 'goal',
  'note', 'message', 'colleague', 'attachment', 'draft', 'catalogue', 'agreement', 'quote',
];
