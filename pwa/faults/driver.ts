/**
 * Phones under the harness's hand: reads commands and writes answers, one JSON object a line.
 *
 * `{"id", "do", "phone", "tab"?, …}` → `{"id", "value"}`, `{"id", "error": {name, message}}`, or `{"id", "dead": true}` when the
 * tab lost its power before it answered. Commands run side by side; whoever wants an order waits for the answer.
 */
import { createInterface } from 'node:readline';
import { Phone } from './phone';
import { Tab } from './tab';

interface Command {
  id: number;
  do: string;
  phone: string;
  tab?: string;
  fuse?: number;
  /** of a tab: listen to the server's events */
  live?: boolean;
  /** cut the power as soon as the call answers */
  last?: boolean;
  name?: string;
  args?: unknown[];
  ms?: number;
  what?: 'database' | 'everything';
  /** of a tab: writes that are said to be done and are not */
  ignored?: string[];
}

/** What a client that was called answers when its tab is gone. */
const DEAD = Symbol('dead');

export function drive(code: string, origin: string): void {
  const phones = new Map<string, Phone>();
  const tabs = new Map<string, Tab>();
  const keyOf = ({ phone, tab = 'a' }: Command) => `${phone}/${tab}`;

  const tabsOf = (phone: string) => [...tabs].filter(([key]) => key.startsWith(`${phone}/`));
  const close = (phone: string): void => {
    for (const [key, tab] of tabsOf(phone)) {
      tab.power.cut();
      tabs.delete(key);
    }
  };
  const phoneOf = ({ phone }: Command): Phone => {
    const found = phones.get(phone) ?? new Phone(phone);
    phones.set(phone, found);
    return found;
  };

  const alive = (tab: Tab, promise: Promise<unknown>) =>
    Promise.race([promise, tab.power.gone.then(() => DEAD)]).then(async (value) => {
      // A step that was the last one may have settled the promise of the tab that it killed.
      await new Promise((done) => setImmediate(done));
      return value;
    });

  /** The very moment it says that it is done the power fails: nothing that it left for later happens. */
  async function thenCut(tab: Tab, result: Promise<unknown>): Promise<unknown> {
    const said: unknown[] = [];
    const answered = result.then((value) => said.push(value)).finally(() => tab.power.cut());
    const value = await alive(tab, answered);
    return said.length ? said[0] : value;
  }

  const acts: Record<string, (command: Command) => unknown> = {
    /** Open a tab, or load it anew. */
    open: (command) => {
      tabs.get(keyOf(command))?.power.cut();
      const tab = new Tab(phoneOf(command), code, origin, command.live);
      tab.power.ignored = new Set(command.ignored);
      tabs.set(keyOf(command), tab);
      if (command.fuse !== undefined) tab.power.cutAfter(command.fuse);
      return alive(tab, tab.client.open(tab.environment));
    },
    /** Close a tab, as a crash does. */
    close: (command) => {
      tabs.get(keyOf(command))?.power.cut();
      tabs.delete(keyOf(command));
    },
    /** Call one of the client's functions; `fuse` cuts the tab's power after so many steps. */
    call: (command) => {
      const tab = tabs.get(keyOf(command));
      if (!tab?.power.isOn) return DEAD;
      if (command.fuse !== undefined) tab.power.cutAfter(command.fuse);
      const work = tab.client[command.name as keyof typeof tab.client] as (...args: unknown[]) => Promise<unknown>;
      const result = work(...(command.args ?? []));
      return command.last ? thenCut(tab, result) : alive(tab, result);
    },
    /** No more cut to come. */
    spare: (command) => tabsOf(command.phone).forEach(([, tab]) => tab.power.cutAfter(Infinity)),
    /** Which tabs have power. */
    tabs: (command) => tabsOf(command.phone).filter(([, tab]) => tab.power.isOn).map(([key]) => key.slice(command.phone.length + 1)),
    evict: (command) => {
      close(command.phone);
      phoneOf(command).evict(command.what ?? 'everything');
    },
    clock: (command) => void (phoneOf(command).clockOffset = command.ms ?? 0),
    /** Let time pass for the timers of a phone. */
    elapse: (command) => {
      phoneOf(command).passed += command.ms ?? 0;
      for (const [, tab] of tabsOf(command.phone)) tab.elapse();
    },
    wake: (command) => tabsOf(command.phone).forEach(([, tab]) => tab.wake()),
    /** The phone falls into the river. */
    forget: (command) => {
      close(command.phone);
      phones.delete(command.phone);
    },
  };

  const answer = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`);

  async function obey(command: Command): Promise<void> {
    const { id } = command;
    try {
      const act = acts[command.do];
      if (!act) throw new Error(`there is no command ${command.do}`);
      const value = await act(command);
      answer(value === DEAD ? { id, dead: true } : { id, value });
    } catch (error) {
      const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
      answer({ id, error: { name, message, stack } });
    }
  }

  process.on('unhandledRejection', (error) => answer({ id: 0, error: { name: 'unhandled', message: String(error), stack: (error as Error)?.stack } }));
  createInterface({ input: process.stdin }).on('line', (line) => void obey(JSON.parse(line) as Command));
  process.stdin.on('end', () => process.exit(0));
  answer({ id: 0, value: 'ready' });
}
