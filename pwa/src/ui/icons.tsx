/** Line icons, 24 × 24, in the colour of their text. Decoration: whoever uses one says the word beside it. */
const PATHS = {
  today: 'M4 11l8-7 8 7v9h-5v-6H9v6H4z',
  accounts: 'M5 20V6l7-3 7 3v14M3 20h18M9 9h6M9 13h6M9 17h6',
  quotes: 'M6 3h9l4 4v14H6zM15 3v4h4M9 12h7M9 16h7',
  me: 'M16 8a4 4 0 1 1-8 0 4 4 0 0 1 8 0M4 21c1-5 4-7 8-7s7 2 8 7',
  back: 'M15 5l-7 7 7 7',
  next: 'M9 5l7 7-7 7',
  call: 'M6 3h3l2 5-2.5 1.7a11 11 0 0 0 5.8 5.8L16 13l5 2v3a3 3 0 0 1-3 3A15 15 0 0 1 3 6a3 3 0 0 1 3-3z',
  mail: 'M3 6h18v12H3zM3 7l9 7 9-7',
  directions: 'M12 21s7-6.2 7-11.5a7 7 0 0 0-14 0C5 14.800 12 21 12 21zM14.500 9.500a2.500 2.500 0 1 1-5 0 2.500 2.500 0 0 1 5 0',
  search: 'M18 11a7 7 0 1 1-14 0 7 7 0 0 1 14 0M16.200 16.200L21 21',
  close: 'M6 6l12 12M18 6L6 18',
  add: 'M12 5v14M5 12h14',
  write: 'M4 20l1-4L16 5l3 3L8 19zM13 8l3 3',
  photo: 'M3 8h4l2-3h6l2 3h4v11H3zM15.500 13a3.500 3.500 0 1 1-7 0 3.500 3.500 0 0 1 7 0',
  talk: 'M4 5h16v11H10l-5 4v-4H4z',
  clock: 'M20 12a8 8 0 1 1-16 0 8 8 0 0 1 16 0M12 7.500V12l3 2',
  check: 'M5 12.500l5 5L19 7',
  more: 'M5 12h.010M12 12h.010M19 12h.010',
  undo: 'M9 5L4 10l5 5M4 10h10a6 6 0 0 1 0 12h-3',
  less: 'M5 12h14',
  up: 'M5 15l7-7 7 7',
  share: 'M12 3v12M7 8l5-5 5 5M5 13v8h14v-8',
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
