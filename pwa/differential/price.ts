/** The price engine of the phone at the end of a pipe: a request as JSON on each line in, `{result}` or `{error}` on each out. */
import { createInterface } from 'node:readline';
import { price, PriceError, type PriceRequest } from '../src/cpq/price/index.ts';

function answer(line: string): object {
  try {
    return { result: price(JSON.parse(line) as PriceRequest) };
  } catch (fault) {
    if (fault instanceof PriceError) return { error: { pointer: fault.pointer, detail: fault.detail } };
    throw fault;
  }
}

/** Answer every line of standard input, in order. */
export function serve(): void {
  createInterface({ input: process.stdin }).on('line', (line) => {
    process.stdout.write(`${JSON.stringify(answer(line))}\n`);
  });
}
