/** One large button that opens a few choices in a sheet at the thumb. */
import { useSignal } from '@preact/signals';
import { useId, useLayoutEffect, useRef } from 'preact/hooks';
import { Icon, type IconName } from './icons';

interface MenuProps {
  label: string;
  icon: IconName;
  title: string;
  entries: { href: string; label: string; detail?: string }[];
}

export function Menu({ label, icon, title, entries }: MenuProps) {
  const open = useSignal(false);
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useLayoutEffect(() => {
    if (open.value && !dialog.current?.open) dialog.current?.showModal();
    else if (!open.value) dialog.current?.close();
  }, [open.value]);
  return (
    <>
      <button class="btn" type="button" aria-haspopup="dialog" onClick={() => (open.value = true)}>
        <Icon name={icon} />
        {label}
      </button>
      <dialog
        ref={dialog} aria-labelledby={id} onClose={() => (open.value = false)}
        onClick={(event) => event.target === dialog.current && (open.value = false)}
      >
        {open.value && (
          <div class="sheet">
            <h2 id={id} class="plain">
              {title}
            </h2>
            <ul class="rows menu">
              {entries.map((one) => (
                <li key={one.href}>
                  <a class="item" href={one.href}>
                    <span>
                      <b>{one.label}</b>
                      {one.detail && <span class="src">{one.detail}</span>}
                    </span>
                    <Icon name="next" />
                  </a>
                </li>
              ))}
            </ul>
            <button class="btn ghost wide" type="button" onClick={() => (open.value = false)}>
              Close
            </button>
          </div>
        )}
      </dialog>
    </>
  );
}
