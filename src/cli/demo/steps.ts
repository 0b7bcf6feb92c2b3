/** One thing that a provider does on that day. */
export interface Step<Request> {
  readonly what: string;
  readonly request: Request;
}
