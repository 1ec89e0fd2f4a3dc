/** A sign-out that the server has not heard of yet: paid when it can be reached. */
import { api, RefusedError } from './api';
import type { Environment } from './environment';
import { OWED, type Marks } from './marks';

export class Farewell {
  private settling: Promise<void> | null = null;

  constructor(private readonly env: Environment, private readonly marks: Marks) {}

  owed = (): boolean => this.marks.has(OWED);

  /** Sign out with this token, or with the one of the session that there is now. */
  async say(csrf: string): Promise<void> {
    await api.signOut(this.env, csrf).catch((error: unknown) => {
      if (!(error instanceof RefusedError)) throw error;
      return this.settle(); // the token was of an older session
    });
    this.marks.drop(OWED);
  }

  /** Tell the server of a sign-out it has not heard of; once at a time, so that a new sign-in waits for it. */
  settle(): Promise<void> {
    this.settling ??= this.tell().finally(() => (this.settling = null));
    return this.settling;
  }

  /** The token was removed with everything else, so ask for it. */
  private async tell(): Promise<void> {
    try {
      const open = await api.session(this.env);
      await api.signOut(this.env, open.csrf_token);
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
    }
    this.marks.drop(OWED);
  }
}
