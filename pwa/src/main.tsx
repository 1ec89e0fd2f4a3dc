import './ui/base.css';
import { render } from 'preact';
import { applyStoredTheme } from './settings/theme';
import { begin } from './store/session';
import { App } from './ui/app';
import { startClock } from './ui/clock';
import { startRouter } from './ui/router';

applyStoredTheme();
startClock();
startRouter();
render(<App />, document.getElementById('app') as HTMLElement);
void begin();
