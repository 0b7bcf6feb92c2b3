/** What the sessions of this node have put up for the calls of their accounts. Lost with the process, and with the session. */
export class LiveSessions {
  readonly #handles = new Map<string, unknown>();

  get(accountId: string): unknown {
    return this.#handles.get(accountId);
  }

  /** Undefined takes back what was offered. */
  offer(accountId: string, handle: unknown): void {
    if (handle === undefined) this.#handles.delete(accountId);
    else this.#handles.set(accountId, handle);
  }
}
