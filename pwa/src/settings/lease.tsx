/** Too long without contact: the rep signs in before anything of the customers is shown. What is unsent stays safe. */
import { session } from '../store/state';
import { unsent } from '../store/unsent';
import { SignIn } from './sign-in';

export function LeaseOver() {
  const days = session.value?.offline_lease_days ?? 14;
  const { count } = unsent.value;
  return (
    <SignIn>
      <div class="note">
        <p>
          <b>This phone had no contact for {days} days.</b> Sign in to open it again.
        </p>
        {count > 0 && <p>{count === 1 ? 'One unsent entry is' : `${count} unsent entries are`} safe on it and sent after that.</p>}
      </div>
    </SignIn>
  );
}
