/** What a line rests on: the records, where they came from, how old they are, and why the line is here at all. */
import { signal } from '@preact/signals';
import { useLayoutEffect, useRef } from 'preact/hooks';
import type { Briefing, Evidence, Line, MissingLine } from '../store/rows';
import { now } from '../ui/clock';
import { age, inFull } from '../ui/dates';
import { ClaimAndWhy, evidenceOf, SignOf } from './lines';
import { showLine } from './text';

interface Opened {
  briefing: Briefing;
  line: Line | MissingLine;
  zone: string;
}

const opened = signal<Opened | null>(null);

export function openEvidence(what: Opened): void {
  opened.value = what;
}

export function closeEvidence(): void {
  opened.value = null;
}

/** The one sheet of the app. The browser's own dialog keeps the focus inside and gives it back when closed. */
export function EvidenceSheet() {
  const dialog = useRef<HTMLDialogElement>(null);
  const what = opened.value;
  useLayoutEffect(() => {
    if (what && !dialog.current?.open) dialog.current?.showModal();
    else if (!what) dialog.current?.close();
  }, [what]);
  const closeFromOutside = (event: MouseEvent) => {
    if (event.target === dialog.current) closeEvidence();
  };
  return (
    <dialog ref={dialog} aria-labelledby="claim" onClose={closeEvidence} onClick={closeFromOutside}>
      {what && <Sheet {...what} />}
    </dialog>
  );
}

function Sheet({ briefing, line, zone }: Opened) {
  const shown = showLine(line, now.value, zone);
  if (!shown) return null;
  return (
    <div class="sheet">
      <h2 id="claim">
        <SignOf spec={shown.spec} />
        <span>
          <ClaimAndWhy text={shown} />
        </span>
      </h2>
      {evidenceOf(briefing, line).map((evidence) => (
        <EvidenceRecord key={`${evidence.type} ${evidence.id}`} evidence={evidence} zone={zone} />
      ))}
      {'weight' in line && <Reason line={line} />}
      <button class="btn wide" type="button" onClick={closeEvidence}>
        Close
      </button>
    </div>
  );
}

function EvidenceRecord({ evidence, zone }: { evidence: Evidence; zone: string }) {
  return (
    <section>
      <h3>{evidence.label}</h3>
      <dl class="facts">
        <dt>Record</dt>
        <dd>{recordName(evidence.type)}</dd>
        <dt>Source</dt>
        <dd>{evidence.source}</dd>
        <dt>As of</dt>
        <dd>
          {inFull(evidence.as_of, zone)} <span class="soft">({age(evidence.as_of, now.value, zone)})</span>
        </dd>
        {evidence.url && isWeb(evidence.url) && (
          <>
            <dt>Original</dt>
            <dd>
              <a href={evidence.url} target="_blank" rel="noopener noreferrer">
                {new URL(evidence.url).hostname}
              </a>
            </dd>
          </>
        )}
      </dl>
    </section>
  );
}

function Reason({ line }: { line: Line }) {
  return (
    <section>
      <h3>Why it is here</h3>
      {line.reason && <p>{sentence(line.reason)}</p>}
      <p class="soft">Weight {Math.round(line.weight * 100)} of 100: the heavier, the higher on the briefing.</p>
    </section>
  );
}

const recordName = (type: string): string => sentence(type.replaceAll('_', ' '));
const sentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
/** Only a web address is made a link: what came from a feed or a desk is not trusted with anything else. */
const isWeb = (url: string): boolean => /^https?:\/\//i.test(url) && URL.canParse(url);
