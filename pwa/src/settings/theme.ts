/** Light, dark, or as the phone has it. Known before the first paint, so it is in localStorage and not in IndexedDB. */
import { signal } from '@preact/signals';

export type Theme = 'system' | 'light' | 'dark';

const KEY = 'doorstep.theme';
const PAPER = { light: '#faf8f4', dark: '#10161c' } as const;

const isTheme = (value: string | null): value is Theme => value === 'light' || value === 'dark' || value === 'system';

export const theme = signal<Theme>('system');

export function applyStoredTheme(): void {
  const kept = localStorage.getItem(KEY);
  show(isTheme(kept) ? kept : 'system');
}

export function chooseTheme(next: Theme): void {
  localStorage.setItem(KEY, next);
  show(next);
}

function show(next: Theme): void {
  theme.value = next;
  const root = document.documentElement;
  if (next === 'system') delete root.dataset['theme'];
  else root.dataset['theme'] = next;
  for (const meta of document.querySelectorAll<HTMLMetaElement>('meta[name=theme-color]')) {
    const own = meta.media.includes('dark') ? 'dark' : 'light';
    meta.content = PAPER[next === 'system' ? own : next];
  }
}
