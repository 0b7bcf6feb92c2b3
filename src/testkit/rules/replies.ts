import { must, mustEqual, mustReturn } from '../check.js';
import { prepareConnector, webhookRequests } from '../connector-case.js';
import { withoutSurroundings } from '../forbid.js';
import { damagedForms } from '../hostile.js';
import type { ConnectorSubject, Rule } from '../subject.js';

const replyIsPure: Rule<ConnectorSubject> = {
  id: 'connector/reply-is-pure',
  title: 'A reply is the same for the same capture and reaches for nothing around it.',
  async run(subject) {
    const prepared = prepareConnector(subject);
    for (const { fixture, signed, endpoint } of webhookRequests(prepared)) {
      if (endpoint.reply === undefined) continue;
      const what = `${fixture.name}: reply`;
      const first = mustReturn(() => endpoint.reply?.(signed, prepared.settings), what);
      const { value, reachedFor } = withoutSurroundings(() => {
        try {
          return endpoint.reply?.(signed, prepared.settings);
        } catch (error) {
          return error;
        }
      });
      must(reachedFor.length === 0, `${what} reached for ${reachedFor.join(', ')}.`);
      mustEqual(value, first, `${what}, asked again,`);
    }
  },
};

/** The capture is committed by then: any other status would make the provider send again what we have. */
const replyIsSuccess: Rule<ConnectorSubject> = {
  id: 'connector/reply-is-success',
  title: 'A reply, also to what cannot be parsed, is a well-formed answer with a status from 200 to 299.',
  async run(subject) {
    const prepared = prepareConnector(subject);
    for (const { fixture, signed, endpoint } of webhookRequests(prepared)) {
      if (endpoint.reply === undefined) continue;
      for (const capture of damagedForms(signed)) {
        const reply = mustReturn(
          () => endpoint.reply?.(capture, prepared.settings),
          `${fixture.name}: reply`,
        );
        const status = reply?.status ?? 0;
        must(
          Number.isInteger(status) && status >= 200 && status <= 299,
          `${fixture.name}: the status is ${status}.`,
        );
        must(typeof reply?.body === 'string', `${fixture.name}: the body of the reply is no string.`);
        mustReturn(() => new Headers(reply?.headers), `${fixture.name}: the headers of the reply`);
      }
    }
  },
};

/** What the provider is answered. */
export const replyRules: readonly Rule<ConnectorSubject>[] = [replyIsPure, replyIsSuccess];
