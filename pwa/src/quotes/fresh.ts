/** Where a new quote begins: the customer's region and the price book that holds there today. */
import type { KeptCatalogue } from '../store/database';
import type { Account, IsoDate } from '../store/rows';
import { booksFor, documentOf, type PriceBook } from './document';

/** Countries that people write out, as ISO 3166 alpha-2. */
const COUNTRIES: Record<string, string> = {
  sweden: 'SE', sverige: 'SE', norway: 'NO', norge: 'NO', finland: 'FI', suomi: 'FI', denmark: 'DK', danmark: 'DK', germany: 'DE', deutschland: 'DE',
  'united kingdom': 'GB', france: 'FR', netherlands: 'NL', poland: 'PL', estonia: 'EE', latvia: 'LV', lithuania: 'LT', iceland: 'IS', austria: 'AT',
};

/** The customer's region, ISO 3166 alpha-2; empty where their address does not say. */
export function homeRegion(account: Account | undefined): string {
  const country = account?.address?.country?.trim() ?? '';
  if (/^[a-z]{2}$/i.test(country)) return country.toUpperCase();
  return COUNTRIES[country.toLowerCase()] ?? '';
}

/** The price book that a quote begins with: one for the customer's own region before one for everywhere. */
export function bookFor(catalogue: KeptCatalogue, region: string, on: IsoDate): PriceBook | undefined {
  const document = documentOf(catalogue);
  const books = booksFor(document, region, on);
  return books.find((one) => one.regions?.includes(region)) ?? books[0];
}
