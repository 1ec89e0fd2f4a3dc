/** What a notice brought since the last pull, laid over what was pulled. Pure. */
import type { Briefing, Line, Pushed, Visit } from './rows';

/** The visit, moved where the server has moved it; the rest of the pulled row is whole and stays. */
export function visitWith(pushed: Pushed | undefined, row: Visit | undefined): Visit | undefined {
  if (!row || !pushed) return row;
  const { starts_at, ends_at, time_zone } = pushed.visit;
  return { ...row, starts_at, ends_at, time_zone };
}

/** The newer first card over the pulled briefing, which is whole; the short one alone where nothing was pulled. */
export function briefingWith(pushed: Pushed | undefined, pulled: Briefing | undefined): Briefing | undefined {
  const news = pushed?.briefing;
  if (!news || !pulled) return news ?? pulled;
  const first = news.cards.find(({ kind }) => kind === 'before');
  if (!first || news.as_of <= pulled.as_of) return pulled;
  const at = pulled.evidence.length;
  const moved = ({ evidence, ...line }: Line): Line => ({ ...line, evidence: evidence.map((index) => index + at) });
  const rest = pulled.cards.filter(({ kind }) => kind !== 'before');
  return {
    ...pulled, as_of: news.as_of, evidence: [...pulled.evidence, ...news.evidence],
    cards: [{ ...first, lines: (first.lines ?? []).map(moved) }, ...rest],
  };
}
