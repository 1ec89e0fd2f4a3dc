/** A few words about what was just done, for some seconds, above the thumb's place; with a way back where there is one. */
import { signal } from '@preact/signals';

interface Said {
  text: string;
  undo?: (() => void) | undefined;
}

const SECONDS = 5;
const said = signal<Said | null>(null);
let timer: ReturnType<typeof setTimeout> | undefined;

export const UNDO_MS = SECONDS * 1000;

export function say(text: string, undo?: () => void): void {
  clearTimeout(timer);
  said.value = { text, undo };
  timer = setTimeout(() => (said.value = null), UNDO_MS);
}

export const SAVED = 'Saved on this phone';

/** One for the app, so that it outlives the screen on which it was done. */
export function SaidAloud() {
  const now = said.value;
  const undo = () => {
    now?.undo?.();
    say('Taken back');
  };
  return (
    <div class="said" role="status">
      {now && (
        <div>
          <span>{now.text}</span>
          {now.undo && (
            <button class="btn ghost" type="button" onClick={undo}>
              Undo
            </button>
          )}
        </div>
      )}
    </div>
  );
}
