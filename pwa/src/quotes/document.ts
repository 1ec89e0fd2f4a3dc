/** Looking things up in a catalogue document. */
import type { CatalogueDocument, Entry, Feature, PriceBook, Product, QuoteLine } from '../cpq/quote';
import type { KeptCatalogue } from '../store/database';
import type { IsoDate } from '../store/rows';

export type { CatalogueDocument, Feature, PriceBook, Product };

/** A guided question. */
export interface Question {
  id: string;
  ask: string;
  type: 'choice' | 'number';
  unit?: string;
  /** of a number: up to where it is answered; no end where the last has none */
  ranges?: { upto?: string | number | null }[];
  answers?: { id: string; name: string }[];
}

export const documentOf = (kept: KeptCatalogue): CatalogueDocument => kept.document as CatalogueDocument;

export const productOf = (document: CatalogueDocument | undefined, sku: string): Product | undefined =>
  document?.products.find((one) => one.sku === sku);

export const isConfigurable = (product: Product | undefined): boolean => (product?.features?.length ?? 0) > 0;
export const questionsOf = (product: Product): Question[] => (product.guide ?? []) as unknown as Question[];

/** `pumps` → `Pumps` */
export const familyName = (family: string | undefined): string =>
  (family || 'other').replaceAll(/[_-]/g, ' ').replace(/^./, (first) => first.toUpperCase());

/** Price books that hold for a region on a day; every region where it is not known. */
export const booksFor = (document: CatalogueDocument, region: string, on: IsoDate): PriceBook[] =>
  (document.price_books ?? []).filter((book) => holds(book, on) && (!region || !book.regions?.length || book.regions.includes(region)));

const holds = ({ valid_from, valid_to }: PriceBook, on: IsoDate): boolean => (!valid_from || valid_from <= on) && (!valid_to || on <= valid_to);

export const bookOf = (document: CatalogueDocument | undefined, id: string): PriceBook | undefined =>
  document?.price_books?.find((one) => one.id === id);

/** What a product costs by the price book, of each charge. */
export const entriesOf = (document: CatalogueDocument, book: string, sku: string): Entry[] =>
  (bookOf(document, book)?.entries ?? []).filter((one) => one.sku === sku);

/** How often a line of one price is paid by the price book; empty for once, and for what is left of a running subscription. */
export function periodOf(document: CatalogueDocument | undefined, book: string, { sku, amends }: QuoteLine): string {
  const entries = document ? entriesOf(document, book, sku) : [];
  const [only] = entries;
  return entries.length === 1 && only && only.charge !== 'one_time' && !amends ? (only.period ?? 'month') : '';
}

/** The name of a value; `yes` and `no` of a boolean, figures of an integer with their unit. */
export function valueName(feature: Feature | undefined, value: string): string {
  const named = feature?.values?.find((one) => one.id === value)?.name;
  if (named && feature?.type === 'choice') return named;
  if (feature?.type === 'boolean') return value === 'yes' ? 'Yes' : 'No';
  return feature?.type === 'integer' && feature.unit ? `${value} ${feature.unit}` : (named ?? value);
}
