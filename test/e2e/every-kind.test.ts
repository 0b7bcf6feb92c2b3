import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { type EventKind, envelopeSchema } from '../../src/sdk/index.js';
import type { GatewayProcess } from '../support/gateway-process.js';
import { post, requestConnectors, startWithAccount } from '../support/request-connectors.js';
import { startTestGateway } from '../support/test-gateway.js';
import { addDesk } from '../support/traffic.js';
import { TwilioList } from '../support/twilio-list.js';
import { until } from '../support/until.js';

/** What no request tells of, but the provider's list: a test of its own brings it. */
const onlyListed: Readonly<Record<string, readonly EventKind[]>> = { 'twilio-sms': ['gap'] };

// What comes by WhatsApp's socket has a table of its own (test/whatsapp).
it.each(requestConnectors)(
  '$name: every kind of event comes from the wire into the archive',
  async ({ name, subject }) => {
    const { gateway, id, webhooks, fixtures } = await startWithAccount(name, subject);
    const refused: string[] = [];
    for (const { name: fixture, capture } of fixtures) {
      const url = new URL(webhooks[capture.endpoint]?.replace(/#.*$/, '') ?? '');
      url.search = new URL(capture.url).search;
      const status = await post(gateway, subject.sign({ ...capture, account: id, url: url.href }));
      if (status < 200 || status > 299) refused.push(`${fixture}: ${status}`);
    }
    expect(refused).toEqual([]);
    // The kit holds that every declared kind has a fixture.
    const kinds = new Set(
      fixtures.flatMap(({ expected }) =>
        expected.kind === 'events' ? expected.events.map(({ kind }) => kind) : [],
      ),
    );
    const elsewhere = onlyListed[name] ?? [];
    const declared = subject.connector.capabilities.events.filter((kind) => !elsewhere.includes(kind));
    expect([...kinds].sort(), 'the requests bring every declared kind').toEqual([...declared].sort());
    await untilArchived(gateway, id, declared);
  },
);

it('twilio-sms: a message that is only listed, and without its content, is a gap in the archive', async () => {
  const gateway = await startTestGateway();
  const twilio = await TwilioList.open();
  const id = await addDesk(gateway, { apiBaseUrl: twilio.url });
  const sentAt = new Date(Date.now() - 3_600_000);
  twilio.keep({ sid: `SM${'0'.repeat(30)}23`, sentAt, body: '' });
  const since = new Date(sentAt.getTime() - 60_000).toISOString();
  await gateway.call('POST', `/v1/accounts/${id}/reconcile`, { since });
  await untilArchived(gateway, id, onlyListed['twilio-sms'] ?? []);
});

async function untilArchived(gateway: GatewayProcess, account: string, kinds: readonly EventKind[]) {
  await until(async () => {
    const archived = await archivedKinds(gateway, account);
    return kinds.every((kind) => archived.has(kind));
  });
}

/** Kinds of the envelopes of an account that lie in the archive. */
async function archivedKinds(gateway: GatewayProcess, accountId: string): Promise<ReadonlySet<string>> {
  const folder = join(gateway.dataDirectory, 'archive');
  const names = await readdir(folder, { recursive: true });
  const kinds = await Promise.all(
    names
      .filter((name) => name.endsWith('.json'))
      .map(async (name) => {
        const { skeleton } = envelopeSchema.parse(JSON.parse(await readFile(join(folder, name), 'utf8')));
        return skeleton.account === accountId ? skeleton.kind : undefined;
      }),
  );
  return new Set(kinds.filter((kind) => kind !== undefined));
}
