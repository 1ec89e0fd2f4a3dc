/** The HTTP door: JSON in, JSON out, RFC 9457 problems as typed errors. Whether there is a network is told by what happens here. */
import type { Session } from './database';
import type { Environment } from './environment';

export interface Problem {
  type?: string;
  title?: string;
  status?: number;
  detail?: string;
  /** of `wrong-offset`: how many bytes of the attachment the server has */
  received?: number;
}

/** The server answered, and refused. */
export class RefusedError extends Error {
  override name = 'RefusedError';
  constructor(
    readonly status: number,
    readonly problem: Problem,
    /** seconds to wait, from Retry-After */
    readonly retryAfter: number | null,
  ) {
    super(problem.detail ?? problem.title ?? `The server answered ${status}.`);
  }

  /** Whether the problem is of this type. */
  is(type: string): boolean {
    return this.problem.type?.endsWith(`/${type}`) ?? false;
  }
}

/** No usable answer: no network, a timeout, or a server or gateway that is down. */
export class UnreachableError extends Error {
  override name = 'UnreachableError';
}

export interface CallOptions {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** sent as JSON, bytes as they are */
  body?: unknown;
  /** of bytes, where they are no attachment */
  type?: string;
  csrf?: string;
  signal?: AbortSignal;
  timeoutMs?: number;
}

/**
 * Call the API.
 *
 * @returns the decoded JSON, or `undefined` for an empty answer
 * @throws RefusedError for 4xx, UnreachableError for no answer or 5xx
 */
export async function call<T>(env: Environment, path: string, options: CallOptions = {}): Promise<T> {
  const { method = 'GET', body, type, csrf, signal, timeoutMs = 15_000 } = options;
  const bytes = body instanceof Uint8Array;
  const headers: Record<string, string> = { accept: 'application/json, application/problem+json' };
  if (body !== undefined) headers['content-type'] = type ?? (bytes ? 'application/octet-stream' : 'application/json');
  if (csrf) headers['x-csrf-token'] = csrf;
  const stopper = new AbortController();
  const stop = () => stopper.abort();
  const timer = env.setTimeout(stop, timeoutMs);
  if (signal?.aborted) stop();
  signal?.addEventListener('abort', stop);
  const request: RequestInit = { method, headers, cache: 'no-store', credentials: 'same-origin', signal: stopper.signal };
  if (body !== undefined) request.body = bytes ? (body as Uint8Array<ArrayBuffer>) : JSON.stringify(body);

  let response: Response;
  let text: string;
  try {
    response = await env.fetch(path, request);
    text = await response.text();
  } catch (error) {
    throw new UnreachableError(error instanceof Error ? error.message : String(error));
  } finally {
    env.clearTimeout(timer);
    signal?.removeEventListener('abort', stop);
  }
  if (response.status >= 500) throw new UnreachableError(`The server answered ${response.status}.`);
  if (!response.ok) throw new RefusedError(response.status, parse(text) ?? {}, retryAfter(response));
  return parse<T>(text) as T;
}

function parse<T>(text: string): T | undefined {
  if (!text) return undefined;
  try {
    return JSON.parse(text) as T;
  } catch {
    // A captive portal answers 200 with its own page: that is no server of ours.
    throw new UnreachableError('The answer was not JSON.');
  }
}

function retryAfter(response: Response): number | null {
  const seconds = Number(response.headers.get('retry-after'));
  return Number.isFinite(seconds) && seconds > 0 ? seconds : null;
}

export const api = {
  signIn: (env: Environment, email: string, password: string) =>
    call<Session>(env, '/api/v1/session', { method: 'POST', body: { email, password } }),
  session: (env: Environment) => call<Session>(env, '/api/v1/session'),
  signOut: (env: Environment, csrf: string) => call<void>(env, '/api/v1/session', { method: 'DELETE', csrf }),
};
