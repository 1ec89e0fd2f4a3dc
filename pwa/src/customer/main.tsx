/** The customer's page: an offer that nobody has to sign in for. */
import '../ui/base.css';
import './customer.css';
import { render } from 'preact';
import { OfferApi } from './api';
import { Page } from './page';

const token = location.pathname.split('/')[2] ?? '';
render(<Page api={new OfferApi(token)} />, document.getElementById('app')!);
