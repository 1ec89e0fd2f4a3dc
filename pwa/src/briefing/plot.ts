/** The geometry of a usage chart, free of the page: values in, path and positions out. */
import type { Chart, IsoDate } from '../store/rows';
import { addDays, dayDistance } from '../ui/dates';

export const PLOT_HEIGHT = 100;

export interface Plot {
  /** SVG path in a box of (days - 1) × PLOT_HEIGHT, one piece for each run of days with data */
  path: string;
  /** y of the plan line; null when there is no plan */
  plan: number | null;
  /** where the change happened, 0..1 of the width */
  change: number | null;
  /** the newest value with its place */
  last: { x: number; y: number; value: number; day: IsoDate } | null;
  /** days without data */
  silent: number;
  to: IsoDate;
}

export function plot(chart: Chart): Plot {
  const { values } = chart;
  const known = values.filter((value) => value !== null);
  const top = Math.max(...known, chart.plan ?? 0, Number.MIN_VALUE) * 1.08;
  const y = (value: number) => round(PLOT_HEIGHT * (1 - value / top));
  const width = Math.max(1, values.length - 1);
  const lastIndex = values.findLastIndex((value) => value !== null);
  const change = chart.change && dayDistance(chart.from, chart.change.on);
  return {
    path: pathOf(values, y),
    plan: chart.plan === null ? null : y(chart.plan),
    change: change !== null && change >= 0 && change <= width ? change / width : null,
    last: lastIndex < 0 ? null : {
      x: lastIndex / width,
      y: y(values[lastIndex] as number),
      value: values[lastIndex] as number,
      day: addDays(chart.from, lastIndex),
    },
    silent: values.length - known.length,
    to: addDays(chart.from, values.length - 1),
  };
}

/** A line that is interrupted where there is no data; a lone day is a dot (a stroke of no length with round ends). */
function pathOf(values: (number | null)[], y: (value: number) => number): string {
  let path = '';
  let drawing = false;
  values.forEach((value, x) => {
    if (value !== null) path += drawing ? `L${x} ${y(value)}` : `M${x} ${y(value)}h0`;
    drawing = value !== null;
  });
  return path;
}

const round = (n: number): number => Math.round(n * 10) / 10;

/** `1,234` · `8.4` · `0.25`: as many digits as can be told apart on a phone. */
export function figure(value: number): string {
  const decimals = Math.abs(value) >= 100 || Number.isInteger(value) ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toLocaleString('en-GB', { maximumFractionDigits: decimals });
}
