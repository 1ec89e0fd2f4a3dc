/** The way there, by whatever map the device has. Nothing is asked of any map service before the rep taps. */
import type { Address } from '../store/rows';

export function addressText(address: Address | undefined): string {
  if (!address) return '';
  const town = [address.postal_code, address.city].filter(Boolean).join(' ');
  return [address.street, town, address.region, address.country].filter(Boolean).join(', ');
}

type Device = 'apple' | 'android' | 'other';

function thisDevice(): Device {
  const agent = navigator.userAgent;
  if (/iPhone|iPad|Macintosh/.test(agent)) return 'apple';
  return /Android/.test(agent) ? 'android' : 'other';
}

/** A link to directions; null when there is no address to go to. A dock or gate is for people, not for maps. */
export function directions(address: Address | undefined, device: Device = thisDevice()): string | null {
  return address?.street || address?.city ? mapTo(addressText(address), device) : null;
}

/** A link to directions to a place in words. */
export function mapTo(place: string, device: Device = thisDevice()): string {
  const to = encodeURIComponent(place);
  if (device === 'apple') return `https://maps.apple.com/?daddr=${to}`;
  if (device === 'android') return `geo:0,0?q=${to}`;
  return `https://www.openstreetmap.org/directions?to=${to}`;
}
