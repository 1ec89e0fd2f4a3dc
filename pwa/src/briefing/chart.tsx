/** Usage in one look: level, plan, change; its sentence in words below it, and every figure one tap away. */
import { useSignal } from '@preact/signals';
import type { Briefing, Chart } from '../store/rows';
import { now, today } from '../ui/clock';
import { addDays, age, dayAndMonth, shortDay } from '../ui/dates';
import { Icon } from '../ui/icons';
import { figure, plot, PLOT_HEIGHT, type Plot } from './plot';

const MINUS = '\u2212';
/** px from the top of the drawing to the plot: room for the plan's label */
const TOP = 20;
const PLOT_PX = 68;

const signed = (pct: number): string => `${pct < 0 ? MINUS : '+'}${Math.abs(pct)} %`;

export function UsageChart({ briefing, chart, zone }: { briefing: Briefing; chart: Chart; zone: string }) {
  const drawn = plot(chart);
  const unfolded = useSignal(false);
  const evidence = briefing.evidence[chart.evidence];
  return (
    <div class="chart">
      <h3>
        {chart.name} <span>{chart.unit} a day</span>
      </h3>
      {drawn.last && <Drawing chart={chart} drawn={drawn} />}
      <p>{sentence(chart, drawn)}</p>
      {evidence && (
        <span class="src">
          {evidence.label} · {evidence.source}, {age(evidence.as_of, now.value, zone)}
        </span>
      )}
      <details onToggle={() => (unfolded.value = true)}>
        <summary>
          <Icon name="next" />
          Table
        </summary>
        {unfolded.value && <Figures chart={chart} />}
      </details>
    </div>
  );
}

function Drawing({ chart, drawn }: { chart: Chart; drawn: Plot }) {
  const y = (value: number) => TOP + (value / PLOT_HEIGHT) * PLOT_PX;
  const bottom = TOP + PLOT_PX;
  const change = drawn.change === null || !chart.change ? null : { at: percent(drawn.change), ...chart.change };
  return (
    <svg class="plot" role="img" aria-label={`Chart: ${sentence(chart, drawn)}`}>
      <line class="base" x1="0" x2="100%" y1={bottom} y2={bottom} />
      {drawn.plan !== null && chart.plan !== null && (
        <>
          <line class="plan" x1="0" x2="100%" y1={y(drawn.plan)} y2={y(drawn.plan)} />
          <text x="100%" y={y(drawn.plan) - 6} text-anchor="end">
            plan {figure(chart.plan)}
          </text>
        </>
      )}
      {change && <line class="mark" x1={change.at} x2={change.at} y1={TOP - 4} y2={bottom} />}
      <svg x="0" y={TOP} width="100%" height={PLOT_PX} viewBox={`0 0 ${chart.values.length - 1} ${PLOT_HEIGHT}`} preserveAspectRatio="none" overflow="visible">
        <path class="level" d={drawn.path} />
      </svg>
      {drawn.last && <circle class="end" cx={percent(drawn.last.x)} cy={y(drawn.last.y)} r="4" />}
      <Days chart={chart} drawn={drawn} y={bottom + 18} />
    </svg>
  );
}

/** The first and last day, or the day of the change where it would run into one of them. */
function Days({ chart, drawn, y }: { chart: Chart; drawn: Plot; y: number }) {
  const at = drawn.change;
  return (
    <>
      {(at === null || at > 0.2) && (
        <text x="0" y={y}>
          {shortDay(chart.from)}
        </text>
      )}
      {at !== null && chart.change && (
        <text class="mark" x={percent(at)} y={y} text-anchor={at < 0.2 ? 'start' : at > 0.75 ? 'end' : 'middle'}>
          {shortDay(chart.change.on)}, {signed(chart.change.pct)}
        </text>
      )}
      {(at === null || at < 0.6) && (
        <text x="100%" y={y} text-anchor="end">
          {shortDay(drawn.to)}
        </text>
      )}
    </>
  );
}

const percent = (share: number): string => `${Math.round(share * 1000) / 10}%`;

/** What the chart says: level, change, since when, against which plan, and what is missing. */
export function sentence(chart: Chart, drawn: Plot): string {
  if (!drawn.last) return `No figures received from ${shortDay(chart.from)} to ${shortDay(drawn.to)}.`;
  const { last, silent } = drawn;
  const level = `${figure(last.value)} ${chart.unit} on ${shortDay(last.day)}`;
  const change = chart.change && `${signed(chart.change.pct)} since ${dayAndMonth(chart.change.on, today.value)}`;
  const plan = chart.plan === null ? null : `plan ${figure(chart.plan)}`;
  const gaps = silent > 0 ? `${silent} ${silent === 1 ? 'day' : 'days'} without data` : null;
  return `${[level, change, plan, gaps].filter(Boolean).join(' · ')}.`;
}

/** Newest first: what is asked of a table on a phone is mostly the last few days. */
function Figures({ chart }: { chart: Chart }) {
  const rows = chart.values.map((value, index) => ({ day: addDays(chart.from, index), value })).reverse();
  return (
    <table>
      <caption class="unseen">
        {chart.name}, {chart.unit} a day
      </caption>
      <thead>
        <tr>
          <th scope="col">Day</th>
          <th scope="col">{chart.unit}</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={row.day}>
            <td>{shortDay(row.day)}</td>
            <td>{row.value === null ? <span class="soft">no data</span> : figure(row.value)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
