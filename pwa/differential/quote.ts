/** Quotes priced at the end of a pipe: `{catalogue, content, context}` as JSON on each line in, `{result}` or `{error}` out. */
import { createInterface } from 'node:readline';
import { priceQuote, QuoteError, type CatalogueDocument, type Context, type QuoteContent } from '../src/cpq/quote/index.ts';

interface Asked {
  catalogue: CatalogueDocument;
  content: QuoteContent;
  context: Context;
}

function answer(line: string): object {
  try {
    const { catalogue, content, context } = JSON.parse(line) as Asked;
    return { result: priceQuote(catalogue, content, context) };
  } catch (fault) {
    if (fault instanceof QuoteError) return { error: { pointer: fault.pointer, detail: fault.detail } };
    throw fault;
  }
}

/** Answer every line of standard input, in order. */
export function serve(): void {
  createInterface({ input: process.stdin }).on('line', (line) => {
    process.stdout.write(`${JSON.stringify(answer(line))}\n`);
  });
}
