/** The screens on which a rep writes: a part of the app that is fetched when the phone has time, or when one is opened. */
export { AccountForm } from '../accounts/change';
export { ChooseScreen } from '../accounts/choose';
export { ConsentForm } from '../accounts/consent';
export { GoalScreen } from '../accounts/goal';
export { PersonForm } from '../accounts/person';
export { PersonScreen } from '../accounts/person-page';
export { PromiseScreen } from '../accounts/promise';
export { EditScreen } from '../outbox/edit';
export { OutboxScreen } from '../outbox/screen';
export { DevicesScreen } from '../settings/devices';
export { LeavingScreen } from '../settings/leaving';
export { ThreadScreen } from '../talk/thread';
export { LogScreen } from '../visits/log';
export { NoteScreen } from '../visits/note';
export { PlanScreen } from '../visits/plan';
