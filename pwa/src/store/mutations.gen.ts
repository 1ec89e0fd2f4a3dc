/** Written by `python -m app.sync.typescript` from the server's schemas. Change those, and write it again. */

import type { Instant, IsoDate } from './rows.ts';

export const MUTATION_SCHEMA = 3;

/** A postal address; country as ISO 3166 alpha-2 where it is known. */
export interface Address {
  street?: string | null;
  postal_code?: string | null;
  city?: string | null;
  region?: string | null;
  country?: string | null;
}

/** What was entered. */
export interface AccountChangeFields {
  name?: string;
  industry?: string | null;
  status?: 'customer' | 'prospect' | 'former';
  phone?: string | null;
  website?: string | null;
  address?: Address | null;
  time_zone?: string;
  employees?: number | null;
  /** Other names that the news may use. */
  aliases?: string[];
  notes?: string | null;
}

/** Change what is known about an account. */
export interface AccountChange {
  id: string;
  fields: AccountChangeFields;
  /** As the phone showed it. */
  base: { [Name in keyof AccountChangeFields]?: AccountChangeFields[Name] | null };
}

/** Announce a photo or a document; its content follows in pieces. */
export interface AttachmentAdd {
  id: string;
  account_id: string;
  visit_id?: string | null;
  name: string;
  media_type: 'image/jpeg' | 'image/png' | 'image/webp' | 'image/heic' | 'application/pdf';
  size: number;
  sha256: string;
  taken_at?: Instant | null;
}

/** Record what somebody allowed or withdrew for a channel. */
export interface ConsentRecord {
  /** Of the record. */
  id: string;
  person_id: string;
  channel: 'phone' | 'email' | 'sms' | 'visit';
  source: string;
  status: 'granted' | 'withdrawn';
  recorded_at: Instant;
}

/** Accept or dismiss a colleague's draft. */
export interface DraftDecide {
  id: string;
  decision: 'accept' | 'dismiss';
}

/** What was entered. */
export interface GoalChangeFields {
  title?: string;
  target?: string | null;
  due_on?: IsoDate | null;
  status?: 'open' | 'reached' | 'dropped';
}

/** Change a goal, or close it. */
export interface GoalChange {
  id: string;
  fields: GoalChangeFields;
  /** As the phone showed it. */
  base: { [Name in keyof GoalChangeFields]?: GoalChangeFields[Name] | null };
}

/** Set a goal of the customer's. */
export interface GoalSet {
  id: string;
  account_id: string;
  person_id?: string | null;
  title: string;
  target?: string | null;
  due_on?: IsoDate | null;
}

/** A line of a briefing: its kind, and the facts that its text is rendered from. */
export interface AttachedLine {
  kind: string;
  facts: Record<string, unknown>;
}

/** Something attached to a message: a line of a briefing with its text at that time, or an attachment. */
export interface Attached {
  kind: 'line' | 'attachment';
  line?: AttachedLine;
  /** The line as its sender saw it. */
  label?: string;
  /** The attachment. */
  id?: string;
}

/** Write to colleagues about an account or a visit. */
export interface MessagePost {
  id: string;
  account_id: string;
  visit_id?: string | null;
  text: string;
  /** Colleagues whom it is for; each must see the account. */
  mentions?: string[];
  attached?: Attached[];
  written_at: Instant;
}

/** Write something down about an account, or at a visit. */
export interface NoteAdd {
  id: string;
  account_id: string;
  visit_id?: string | null;
  text: string;
  written_at: Instant;
}

/** Add somebody at an account. */
export interface PersonAdd {
  id: string;
  account_id: string;
  name: string;
  title?: string | null;
  role?: 'decision_maker' | 'influencer' | 'technical' | 'finance' | 'user' | 'gatekeeper' | 'other';
  email?: string | null;
  phone?: string | null;
  mobile?: string | null;
  language?: string | null;
}

/** What was entered. */
export interface PersonChangeFields {
  name?: string;
  title?: string | null;
  role?: 'decision_maker' | 'influencer' | 'technical' | 'finance' | 'user' | 'gatekeeper' | 'other';
  email?: string | null;
  phone?: string | null;
  mobile?: string | null;
  language?: string | null;
  preferred_channel?: 'phone' | 'email' | 'sms' | 'visit' | 'none' | null;
  preferred_times?: string | null;
  started_on?: IsoDate | null;
  left_on?: IsoDate | null;
  notes?: string | null;
}

/** Change what is known about somebody, and how they want to be reached. */
export interface PersonChange {
  id: string;
  fields: PersonChangeFields;
  /** As the phone showed it. */
  base: { [Name in keyof PersonChangeFields]?: PersonChangeFields[Name] | null };
}

/** Say that a promise was not kept. */
export interface PromiseBreak {
  id: string;
  /** The status that the phone showed; open, when left out. */
  base?: 'open' | 'kept';
}

/** Say that a promise was kept. */
export interface PromiseKeep {
  id: string;
  kept_on: IsoDate;
  /** The status that the phone showed; open, when left out. */
  base?: 'open' | 'broken';
}

/** Promise something to somebody at an account. */
export interface PromiseMake {
  id: string;
  account_id: string;
  person_id?: string | null;
  visit_id?: string | null;
  text: string;
  made_on: IsoDate;
  due_on: IsoDate;
}

/** Answer what the customer asked on the page of a quote. */
export interface QuoteAnswer {
  id: string;
  text: string;
}

/** What was entered. */
export interface QuoteChangeFields {
  title?: string;
  person_id?: string | null;
  visit_id?: string | null;
  valid_until?: IsoDate;
  /** For colleagues; customers do not see them. */
  notes?: string | null;
  content?: Record<string, unknown>;
}

/** What the author's device showed: the total, and the digest that names every line of the waterfall. */
export interface ShownPrice {
  net: string;
  gross: string;
  currency: string;
  digest: string;
  /** Net of each priced line, to be told which of them differ. */
  lines?: Record<string, unknown>;
}

/** Change a quote that was not sent. Every change makes the next revision. */
export interface QuoteChange {
  id: string;
  /** The revision that the phone showed. */
  revision: number;
  fields: QuoteChangeFields;
  /** The price that the phone showed. */
  shown?: ShownPrice;
}

/** Make a quote; its number follows from its id. */
export interface QuoteCreate {
  id: string;
  account_id: string;
  person_id?: string | null;
  visit_id?: string | null;
  title: string;
  valid_until: IsoDate;
  /** For colleagues; customers do not see them. */
  notes?: string | null;
  content: Record<string, unknown>;
  /** The price that the phone showed. */
  shown?: ShownPrice;
}

/** Approve a quote, or refuse to. */
export interface QuoteDecide {
  id: string;
  /** The revision that the phone showed. */
  revision: number;
  decision: 'approve' | 'refuse';
  reason?: string;
}

/** Begin the next version of a quote that was sent. */
export interface QuoteRevise {
  id: string;
  /** The revision that the phone showed. */
  revision: number;
  content?: Record<string, unknown>;
  valid_until?: IsoDate;
  /** The price that the phone showed. */
  shown?: ShownPrice;
}

/** Send a quote to the customer: from then on this version stays as it is. */
export interface QuoteSend {
  id: string;
  /** The revision that the phone showed. */
  revision: number;
  /** The price that the phone showed. */
  shown?: ShownPrice;
}

/** Ask for the approvals that a quote needs. */
export interface QuoteSubmit {
  id: string;
  /** The revision that the phone showed. */
  revision: number;
  reason: string;
}

/** Withdraw a quote that the customer has. */
export interface QuoteWithdraw {
  id: string;
  reason: string;
}

/** Cancel a planned visit. */
export interface VisitCancel {
  id: string;
  /** As the phone showed it; planned, when left out. */
  base?: 'planned' | 'done';
}

/** What was entered. */
export interface VisitChangeFields {
  starts_at?: Instant;
  ends_at?: Instant;
  time_zone?: string;
  place?: string | null;
  purpose?: string | null;
  attendee_ids?: string[];
}

/** Move a visit, or change what is planned for it. */
export interface VisitChange {
  id: string;
  fields: VisitChangeFields;
  /** As the phone showed it. */
  base: { [Name in keyof VisitChangeFields]?: VisitChangeFields[Name] | null };
}

/** Say what came of a visit. The first to say so fills it in; what is said later becomes a note at it. */
export interface VisitLog {
  id: string;
  outcome?: string | null;
  attendee_ids?: string[];
  notes?: string | null;
  next_step?: string | null;
  done_at: Instant;
}

/** Plan a visit; a walk-in is planned and logged at once. */
export interface VisitPlan {
  id: string;
  account_id: string;
  starts_at: Instant;
  ends_at: Instant;
  time_zone: string;
  place?: string | null;
  purpose?: string | null;
  attendee_ids?: string[];
}

/** The arguments of each mutation. */
export interface Mutations {
  'account.change': AccountChange;
  'attachment.add': AttachmentAdd;
  'consent.record': ConsentRecord;
  'draft.decide': DraftDecide;
  'goal.change': GoalChange;
  'goal.set': GoalSet;
  'message.post': MessagePost;
  'note.add': NoteAdd;
  'person.add': PersonAdd;
  'person.change': PersonChange;
  'promise.break': PromiseBreak;
  'promise.keep': PromiseKeep;
  'promise.make': PromiseMake;
  'quote.answer': QuoteAnswer;
  'quote.change': QuoteChange;
  'quote.create': QuoteCreate;
  'quote.decide': QuoteDecide;
  'quote.revise': QuoteRevise;
  'quote.send': QuoteSend;
  'quote.submit': QuoteSubmit;
  'quote.withdraw': QuoteWithdraw;
  'visit.cancel': VisitCancel;
  'visit.change': VisitChange;
  'visit.log': VisitLog;
  'visit.plan': VisitPlan;
}

export type MutationName = keyof Mutations;

export const MUTATION_NAMES: readonly MutationName[] = [
  "account.change",
  "attachment.add",
  "consent.record",
  "draft.decide",
  "goal.change",
  "goal.set",
  "message.post",
  "note.add",
  "person.add",
  "person.change",
  "promise.break",
  "promise.keep",
  "promise.make",
  "quote.answer",
  "quote.change",
  "quote.create",
  "quote.decide",
  "quote.revise",
  "quote.send",
  "quote.submit",
  "quote.withdraw",
  "visit.cancel",
  "visit.change",
  "visit.log",
  "visit.plan"
];

/** What a form has to mind of one field: lengths of texts and lists, bounds of numbers, the words of a choice. */
export interface Limit {
  required?: true;
  nullable?: true;
  minLength?: number;
  maxLength?: number;
  min?: number;
  max?: number;
  maxItems?: number;
  values?: readonly string[];
}

/** By mutation and field; of a change, the fields that can be entered. */
export const LIMITS: { readonly [Name in MutationName]: Readonly<Record<string, Limit>> } = {
  "account.change": {
    "name": {
      "minLength": 1,
      "maxLength": 200
    },
    "industry": {
      "minLength": 1,
      "maxLength": 100,
      "nullable": true
    },
    "status": {
      "values": [
        "customer",
        "prospect",
        "former"
      ]
    },
    "phone": {
      "minLength": 1,
      "maxLength": 50,
      "nullable": true
    },
    "website": {
      "minLength": 1,
      "maxLength": 500,
      "nullable": true
    },
    "address.street": {
      "minLength": 1,
      "maxLength": 200,
      "nullable": true
    },
    "address.postal_code": {
      "minLength": 1,
      "maxLength": 20,
      "nullable": true
    },
    "address.city": {
      "minLength": 1,
      "maxLength": 100,
      "nullable": true
    },
    "address.region": {
      "minLength": 1,
      "maxLength": 100,
      "nullable": true
    },
    "address.country": {
      "minLength": 1,
      "maxLength": 60,
      "nullable": true
    },
    "time_zone": {
      "minLength": 1
    },
    "employees": {
      "min": 0,
      "max": 2147483647,
      "nullable": true
    },
    "aliases": {
      "maxLength": 200,
      "maxItems": 50
    },
    "notes": {
      "minLength": 1,
      "maxLength": 20000,
      "nullable": true
    }
  },
  "attachment.add": {
    "name": {
      "minLength": 1,
      "maxLength": 200,
      "required": true
    },
    "media_type": {
      "values": [
        "image/jpeg",
        "image/png",
        "image/webp",
        "image/heic",
        "application/pdf"
      ],
      "required": true
    },
    "size": {
      "min": 1,
      "max": 5242880,
      "required": true
    },
    "sha256": {
      "required": true
    }
  },
  "consent.record": {
    "channel": {
      "values": [
        "phone",
        "email",
        "sms",
        "visit"
      ],
      "required": true
    },
    "source": {
      "minLength": 1,
      "maxLength": 200,
      "required": true
    },
    "status": {
      "values": [
        "granted",
        "withdrawn"
      ],
      "required": true
    },
    "recorded_at": {
      "required": true
    }
  },
  "draft.decide": {
    "decision": {
      "values": [
        "accept",
        "dismiss"
      ],
      "required": true
    }
  },
  "goal.change": {
    "title": {
      "minLength": 1,
      "maxLength": 300
    },
    "target": {
      "minLength": 1,
      "maxLength": 300,
      "nullable": true
    },
    "status": {
      "values": [
        "open",
        "reached",
        "dropped"
      ]
    }
  },
  "goal.set": {
    "title": {
      "minLength": 1,
      "maxLength": 300,
      "required": true
    },
    "target": {
      "minLength": 1,
      "maxLength": 300,
      "nullable": true
    }
  },
  "message.post": {
    "text": {
      "minLength": 1,
      "maxLength": 4000,
      "required": true
    },
    "mentions": {
      "maxItems": 20
    },
    "attached": {
      "maxItems": 10
    },
    "written_at": {
      "required": true
    }
  },
  "note.add": {
    "text": {
      "minLength": 1,
      "maxLength": 20000,
      "required": true
    },
    "written_at": {
      "required": true
    }
  },
  "person.add": {
    "name": {
      "minLength": 1,
      "maxLength": 200,
      "required": true
    },
    "title": {
      "minLength": 1,
      "maxLength": 200,
      "nullable": true
    },
    "role": {
      "values": [
        "decision_maker",
        "influencer",
        "technical",
        "finance",
        "user",
        "gatekeeper",
        "other"
      ]
    },
    "email": {
      "minLength": 1,
      "maxLength": 254,
      "nullable": true
    },
    "phone": {
      "minLength": 1,
      "maxLength": 50,
      "nullable": true
    },
    "mobile": {
      "minLength": 1,
      "maxLength": 50,
      "nullable": true
    },
    "language": {
      "minLength": 1,
      "maxLength": 35,
      "nullable": true
    }
  },
  "person.change": {
    "name": {
      "minLength": 1,
      "maxLength": 200
    },
    "title": {
      "minLength": 1,
      "maxLength": 200,
      "nullable": true
    },
    "role": {
      "values": [
        "decision_maker",
        "influencer",
        "technical",
        "finance",
        "user",
        "gatekeeper",
        "other"
      ]
    },
    "email": {
      "minLength": 1,
      "maxLength": 254,
      "nullable": true
    },
    "phone": {
      "minLength": 1,
      "maxLength": 50,
      "nullable": true
    },
    "mobile": {
      "minLength": 1,
      "maxLength": 50,
      "nullable": true
    },
    "language": {
      "minLength": 1,
      "maxLength": 35,
      "nullable": true
    },
    "preferred_channel": {
      "values": [
        "phone",
        "email",
        "sms",
        "visit",
        "none"
      ],
      "nullable": true
    },
    "preferred_times": {
      "minLength": 1,
      "maxLength": 200,
      "nullable": true
    },
    "notes": {
      "minLength": 1,
      "maxLength": 20000,
      "nullable": true
    }
  },
  "promise.break": {},
  "promise.keep": {
    "kept_on": {
      "required": true
    }
  },
  "promise.make": {
    "text": {
      "minLength": 1,
      "maxLength": 500,
      "required": true
    },
    "made_on": {
      "required": true
    },
    "due_on": {
      "required": true
    }
  },
  "quote.answer": {
    "text": {
      "minLength": 1,
      "maxLength": 2000,
      "required": true
    }
  },
  "quote.change": {
    "revision": {
      "min": 1,
      "max": 2147483647,
      "required": true
    },
    "title": {
      "minLength": 1,
      "maxLength": 200
    },
    "notes": {
      "minLength": 1,
      "maxLength": 20000,
      "nullable": true
    },
    "shown.net": {
      "minLength": 1,
      "maxLength": 30,
      "required": true
    },
    "shown.gross": {
      "minLength": 1,
      "maxLength": 30,
      "required": true
    },
    "shown.currency": {
      "minLength": 1,
      "maxLength": 3,
      "required": true
    },
    "shown.digest": {
      "minLength": 1,
      "maxLength": 64,
      "required": true
    },
    "shown.lines": {
      "maxLength": 2000
    }
  },
  "quote.create": {
    "title": {
      "minLength": 1,
      "maxLength": 200,
      "required": true
    },
    "valid_until": {
      "required": true
    },
    "notes": {
      "minLength": 1,
      "maxLength": 20000,
      "nullable": true
    },
    "content": {
      "required": true
    },
    "shown.net": {
      "minLength": 1,
      "maxLength": 30,
      "required": true
    },
    "shown.gross": {
      "minLength": 1,
      "maxLength": 30,
      "required": true
    },
    "shown.currency": {
      "minLength": 1,
      "maxLength": 3,
      "required": true
    },
    "shown.digest": {
      "minLength": 1,
      "maxLength": 64,
      "required": true
    },
    "shown.lines": {
      "maxLength": 2000
    }
  },
  "quote.decide": {
    "revision": {
      "min": 1,
      "max": 2147483647,
      "required": true
    },
    "decision": {
      "values": [
        "approve",
        "refuse"
      ],
      "required": true
    },
    "reason": {
      "minLength": 1,
      "maxLength": 2000
    }
  },
  "quote.revise": {
    "revision": {
      "min": 1,
      "max": 2147483647,
      "required": true
    },
    "shown.net": {
      "minLength": 1,
      "maxLength": 30,
      "required": true
    },
    "shown.gross": {
      "minLength": 1,
      "maxLength": 30,
      "required": true
    },
    "shown.currency": {
      "minLength": 1,
      "maxLength": 3,
      "required": true
    },
    "shown.digest": {
      "minLength": 1,
      "maxLength": 64,
      "required": true
    },
    "shown.lines": {
      "maxLength": 2000
    }
  },
  "quote.send": {
    "revision": {
      "min": 1,
      "max": 2147483647,
      "required": true
    },
    "shown.net": {
      "minLength": 1,
      "maxLength": 30,
      "required": true
    },
    "shown.gross": {
      "minLength": 1,
      "maxLength": 30,
      "required": true
    },
    "shown.currency": {
      "minLength": 1,
      "maxLength": 3,
      "required": true
    },
    "shown.digest": {
      "minLength": 1,
      "maxLength": 64,
      "required": true
    },
    "shown.lines": {
      "maxLength": 2000
    }
  },
  "quote.submit": {
    "revision": {
      "min": 1,
      "max": 2147483647,
      "required": true
    },
    "reason": {
      "minLength": 1,
      "maxLength": 2000,
      "required": true
    }
  },
  "quote.withdraw": {
    "reason": {
      "minLength": 1,
      "maxLength": 2000,
      "required": true
    }
  },
  "visit.cancel": {},
  "visit.change": {
    "time_zone": {
      "minLength": 1
    },
    "place": {
      "minLength": 1,
      "maxLength": 300,
      "nullable": true
    },
    "purpose": {
      "minLength": 1,
      "maxLength": 300,
      "nullable": true
    },
    "attendee_ids": {
      "maxItems": 100
    }
  },
  "visit.log": {
    "outcome": {
      "minLength": 1,
      "maxLength": 300,
      "nullable": true
    },
    "attendee_ids": {
      "maxItems": 100
    },
    "notes": {
      "minLength": 1,
      "maxLength": 20000,
      "nullable": true
    },
    "next_step": {
      "minLength": 1,
      "maxLength": 300,
      "nullable": true
    },
    "done_at": {
      "required": true
    }
  },
  "visit.plan": {
    "starts_at": {
      "required": true
    },
    "ends_at": {
      "required": true
    },
    "time_zone": {
      "minLength": 1,
      "required": true
    },
    "place": {
      "minLength": 1,
      "maxLength": 300,
      "nullable": true
    },
    "purpose": {
      "minLength": 1,
      "maxLength": 300,
      "nullable": true
    },
    "attendee_ids": {
      "maxItems": 100
    }
  }
};

/** How arguments written by an earlier version of the app are read: from a version to the next, by mutation. */
export const TRANSLATIONS: Readonly<
  Record<number, Readonly<Record<string, { rename?: Record<string, string>; defaults?: Record<string, unknown> }>>>
> = {
  "1": {
    "message.post": {
      "rename": {
        "body": "text"
      }
    },
    "note.add": {
      "rename": {
        "body": "text"
      }
    }
  },
  "2": {
    "promise.make": {
      "rename": {
        "by": "due_on"
      }
    },
    "visit.log": {
      "rename": {
        "attendees": "attendee_ids"
      }
    }
  }
};
