import { Icon } from '../ui/icons';
import { telephone, type Ways } from './contact';

/** Call and write, where the person allows it; the way they prefer stands out. */
export function ReachButtons({ name, ways }: { name: string; ways: Ways }) {
  if (!ways.call && !ways.mail) return null;
  return (
    <div class="person-ways">
      {ways.call && (
        <a class={`round${ways.preferred === 'call' ? ' preferred' : ''}`} href={telephone(ways.call)} aria-label={`Call ${name}`}>
          <Icon name="call" />
        </a>
      )}
      {ways.mail && (
        <a class={`round${ways.preferred === 'mail' ? ' preferred' : ''}`} href={`mailto:${ways.mail}`} aria-label={`Write to ${name}`}>
          <Icon name="mail" />
        </a>
      )}
    </div>
  );
}
