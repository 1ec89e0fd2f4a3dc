/** Line icons, 24 × 24, in the colour of their text. Decoration: whoever uses one says the word beside it. */
const PATHS = {
  today: 'M4 11l8-7 8 7v9h-5v-6H9v6H4z',
  accounts: 'M5 20V6l7-3 7 3v14M3 20h18M9 9h6M9 13h6M9 17h6',
  me: 'M16 8a4 4 0 1 1-8 0 4 4 0 0 1 8 0M4 21c1-5 4-7 8-7s7 2 8 7',
  back: 'M15 5l-7 7 7 7',
  next: 'M9 5l7 7-7 7',
  call: 'M6 3h3l2 5-2.5 1.7a11 11 0 0 0 5.8 5.8L16 13l5 2v3a3 3 0 0 1-3 3A15 15 0 0 1 3 6a3 3 0 0 1 3-3z',
  mail: 'M3 6h18v12H3zM3 7l9 7 9-7',
  directions: 'M12 21s7-6.2 7-11.5a7 7 0 0 0-14 0C5 14.800 12 21 12 21zM14.500 9.500a2.500 2.500 0 1 1-5 0 2.500 2.500 0 0 1 5 0',
  search: 'M18 11a7 7 0 1 1-14 0 7 7 0 0 1 14 0M16.200 16.200L21 21',
  close: 'M6 6l12 12M18 6L6 18',
  link: 'M14 4h6v6M20 4l-9 9M18 14v6H4V6h6',
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
