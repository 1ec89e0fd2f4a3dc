/** The phone that this app runs on, and what it tells: the one place where the store meets the browser. */
import { browserEnvironment } from './environment';
import { Phone } from './phone';
import { forgetWorker, registerWorker } from './update';

export const phone = new Phone(browserEnvironment({ register: registerWorker, forget: forgetWorker }));

export const { session, database, ready, storageProblem, leaseOver, lost, persisted } = phone.shown;
