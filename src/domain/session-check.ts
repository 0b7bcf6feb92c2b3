import type { AccountCheck } from '../sdk/index.js';
import type { SessionView } from './sessions.js';

const name = 'session';

/** How the session of an account stands, where its connector keeps one. @param session null: none has ever begun */
export function checkSession(session: SessionView | null): AccountCheck {
  if (session === null) {
    return {
      name,
      ok: false,
      detail: 'The session has not begun yet.',
      remedy: 'Try again in a moment; if it stays so, look at the log of the gateway.',
    };
  }
  const { state, detail, action, changedAt } = session;
  if (state === 'open') return { name, ok: true, detail: `The session is open since ${changedAt}.` };
  return {
    name,
    ok: false,
    detail: `The session is not open: ${state} since ${changedAt}.${detail === null ? '' : ` ${detail}`}`,
    remedy: action ?? 'Nothing for now: it goes on by itself.',
  };
}
