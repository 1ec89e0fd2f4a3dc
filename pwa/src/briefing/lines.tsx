/** A line: a sign for its kind, the claim with its figures bold, and below it the source and its age. Nothing without those. */
import { now } from '../ui/clock';
import { age } from '../ui/dates';
import type { Briefing, Evidence, Line, MissingLine } from '../store/rows';
import { openEvidence } from './evidence';
import { pieces, plain, showLine, type KindSpec, type LineText } from './text';

function Claim({ text }: { text: string }) {
  return <>{pieces(text).map((piece, index) => (piece.bold ? <b key={index}>{piece.text}</b> : piece.text))}</>;
}

/** The claim, and below it the sentence that says why it matters. */
export function ClaimAndWhy({ text }: { text: LineText }) {
  return (
    <>
      <Claim text={text.claim} />
      {text.why && (
        <span class="why">
          <Claim text={text.why} />
        </span>
      )}
    </>
  );
}

const SPOKEN_SIGN = { bad: 'Problem: ', warn: 'Watch: ', good: 'Good: ', info: '' } as const;

/** The sign of a kind. Its meaning is in its word and shape; the colour only repeats it. */
export function SignOf({ spec }: { spec: KindSpec }) {
  return (
    <span>
      <span class={`sign ${spec.sign}`} aria-hidden="true">
        {spec.icon}
      </span>
      <span class="unseen">{SPOKEN_SIGN[spec.sign]}</span>
    </span>
  );
}

export function evidenceOf(briefing: Briefing, line: { evidence?: number[] }): Evidence[] {
  return (line.evidence ?? []).map((index) => briefing.evidence[index]).filter((one) => one !== undefined);
}

/** `Ticket 4812 · desk, 2 h ago`; where the claim already names the record, only `desk · 2 h ago`. */
export function SourceOf({ evidence, claim, zone }: { evidence: Evidence[]; claim: string; zone: string }) {
  const [first] = evidence;
  if (!first) return null;
  const newest = evidence.reduce((a, b) => (a.as_of > b.as_of ? a : b));
  const more = evidence.length > 1 ? ` and ${evidence.length - 1} more` : '';
  const named = plain(claim).includes(first.label);
  return (
    <span class="src">
      <u>{named ? first.source : first.label}</u>
      {`${more} · ${named ? '' : `${first.source}, `}${age(newest.as_of, now.value, zone)}`}
    </span>
  );
}

interface LineRowProps {
  briefing: Briefing;
  line: Line | MissingLine;
  zone: string;
  missing?: boolean;
}

export function LineRow({ briefing, line, zone, missing = false }: LineRowProps) {
  const shown = showLine(line, now.value, zone);
  if (!shown) return null;
  const evidence = evidenceOf(briefing, line);
  const content = (
    <>
      <SignOf spec={shown.spec} />
      <span>
        <ClaimAndWhy text={shown} />
        <SourceOf evidence={evidence} claim={shown.claim} zone={zone} />
      </span>
    </>
  );
  if (evidence.length === 0) return <li class="row missing">{content}</li>;
  return (
    <li>
      <button class={`row${missing ? ' missing' : ''}`} type="button" onClick={() => openEvidence({ briefing, line, zone })}>
        {content}
      </button>
    </li>
  );
}
