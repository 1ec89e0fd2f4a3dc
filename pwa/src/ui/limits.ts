/** How long a text may be, as the server has it: a form stops there rather than send what is refused. */
import { LIMITS, type MutationName } from '../store/mutations.gen';

export const most = (name: MutationName, field: string): number => LIMITS[name][field]?.maxLength ?? 200;
