/** A subject with one deliberate fault, which shows that a rule can fail. */
export interface Canary<Subject> {
  /** Id of the rule that must find the fault. */
  readonly rule: string;
  /** What is wrong with it, in a few words. */
  readonly fault: string;
  readonly subject: Subject;
}
