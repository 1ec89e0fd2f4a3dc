import './ui/base.css';
import { render } from 'preact';
import { prepareText } from './briefing/text';
import { applyStoredTheme } from './settings/theme';
import { begin } from './store/session';
import { App } from './ui/app';
import { startClock } from './ui/clock';
import { startRouter } from './ui/router';

applyStoredTheme();
void begin(); // the database opens while the rest gets ready
startClock();
startRouter();
render(<App />, document.getElementById('app') as HTMLElement);
prepareText();
