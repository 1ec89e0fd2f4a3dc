/** The small clock at what is not sent yet, wherever it shows. */
import { keysOf } from '../store/mutators';
import { stored } from '../store/reads';
import type { Database } from '../store/database';
import type { RowType } from '../store/rows';
import { Icon } from '../ui/icons';

/** Rows that show something which the server does not have, as `type id`. */
async function readUnsentRows(db: Database): Promise<ReadonlySet<string>> {
  const queue = await db.getAll('mutation');
  return new Set(queue.filter((one) => one.done === undefined).flatMap(keysOf).map(([type, id]) => `${type} ${id}`));
}

export const unsentRows = () => stored('unsent rows', readUnsentRows).value;

export const isUnsent = (type: RowType, id: string): boolean => unsentRows()?.has(`${type} ${id}`) ?? false;

export function Unsent({ type, id }: { type: RowType; id: string }) {
  if (!isUnsent(type, id)) return null;
  return (
    <span class="unsent" title="Not sent yet">
      <Icon name="clock" />
      <span class="unseen">Not sent yet</span>
    </span>
  );
}
