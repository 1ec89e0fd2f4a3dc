import { describe, expect, test } from 'vitest';
import { addressText, directions } from '../src/accounts/directions';
import { standing, telephone, waysToReach } from '../src/briefing/contact';
import { figure, plot } from '../src/briefing/plot';
import type { Chart } from '../src/store/rows';

const chart = (values: (number | null)[], more: Partial<Chart> = {}): Chart => ({
  series_id: 's', name: 'Running hours', unit: 'h', from: '2026-10-25', values, plan: null, change: null, evidence: 0, ...more,
});

describe('a chart', () => {
  test('is interrupted where there is no data, and never falls to zero there', () => {
    const { path, silent } = plot(chart([10, 10, null, 5]));
    expect(path).toBe('M0 7.4h0L1 7.4M3 53.7h0');
    expect(silent).toBe(1);
  });

  test('keeps the plan inside, above the highest value', () => {
    const { plan, last } = plot(chart([10, 8], { plan: 20 }));
    expect(plan).toBeGreaterThanOrEqual(0);
    expect(last?.y).toBeGreaterThan(plan as number);
  });

  test('marks a change only when it is within its days', () => {
    const days = Array.from({ length: 28 }, () => 1);
    expect(plot(chart(days, { change: { on: '2026-11-09', pct: -28 } })).change).toBeCloseTo(15 / 27);
    expect(plot(chart(days, { change: { on: '2026-09-01', pct: -28 } })).change).toBeNull();
  });

  test('without any data has no level', () => {
    expect(plot(chart([null, null]))).toMatchObject({ last: null, path: '', silent: 2 });
  });

  test('of nothing but zeros lies on its base', () => {
    expect(plot(chart([0, 0])).last?.y).toBe(100);
  });
});

test('figures have as many digits as can be told apart', () => {
  expect([1234.5, 420, 18.26, 8.456, 0.25, 0].map(figure)).toEqual(['1,235', '420', '18.3', '8.46', '0.25', '0']);
});

describe('a person is reached', () => {
  const eva = { name: 'Eva', phone: '+46 26 1', mobile: '+46 70 2', email: 'eva@example.test' };

  test('on the mobile first', () => {
    expect(waysToReach(eva)).toMatchObject({ call: '+46 70 2', mail: 'eva@example.test', asked: null });
  });

  test('not by what they withdrew', () => {
    expect(waysToReach({ ...eva, consent: { phone: 'withdrawn' } })).toMatchObject({ call: null, asked: 'Asked not to be called' });
    expect(waysToReach({ ...eva, consent: { email: 'withdrawn' } })).toMatchObject({ mail: null, asked: 'Asked not to be mailed' });
    expect(waysToReach({ ...eva, consent: { phone: 'unknown' } }).call).toBe('+46 70 2');
  });

  test('not at all when they prefer none, or have left', () => {
    expect(waysToReach({ ...eva, preferred_channel: 'none' })).toMatchObject({ call: null, mail: null, asked: 'Asked not to be contacted' });
    expect(waysToReach({ ...eva, left_on: '2026-01-01' })).toMatchObject({ call: null, mail: null, asked: 'Has left' });
  });

  test('as they prefer, with the hours they gave', () => {
    const ways = waysToReach({ ...eva, preferred_channel: 'email', preferred_times: 'after 14:00' });
    expect([ways.preferred, ways.prefers]).toEqual(['mail', 'Prefers e-mail, after 14:00']);
  });

  test('at a number that a telephone understands', () => {
    expect(telephone('+46 (0)26-12 34')).toBe('tel:+460261234');
  });

  test('and stands for what they do', () => {
    expect(standing({ title: 'Plant manager', role: 'decision_maker' })).toBe('Plant manager · decides');
    expect(standing({ role: 'other' })).toBe('');
  });
});

describe('the way there', () => {
  const address = { street: 'Dockgatan 4', postal_code: '803 20', city: 'Gävle', country: 'SE' };

  test('is asked of the map that the device has', () => {
    expect(addressText(address)).toBe('Dockgatan 4, 803 20 Gävle, SE');
    expect(directions(address, 'android')).toMatch(/^geo:0,0\?q=Dockgatan%204/);
    expect(directions(address, 'apple')).toMatch(/^https:\/\/maps\.apple\.com\//);
  });

  test('is not offered to nowhere', () => {
    expect(directions(undefined, 'android')).toBeNull();
    expect(directions({ country: 'SE' }, 'android')).toBeNull();
  });
});
