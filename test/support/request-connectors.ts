import type { Capture } from '../../src/sdk/index.js';
import type { ConnectorSubject } from '../../src/testkit/index.js';
import { builtIns } from '../conformance/built-ins.js';
import type { GatewayProcess } from './gateway-process.js';
import { startTestGateway } from './test-gateway.js';

/** Nobody listens there: no provider is asked. */
const nowhere = 'http://127.0.0.1:9';

/** The built-in connectors that take what comes by requests; the door of the others is a socket. */
export const requestConnectors = (await builtIns<ConnectorSubject>('connectors')).filter(
  ({ subject }) => Object.keys(subject.connector.webhooks).length > 0,
);

/** A gateway with an account of one of them, its webhook URLs by endpoint, and what the kit knows to bring events by them. */
export async function startWithAccount(name: string, subject: ConnectorSubject) {
  const gateway = await startTestGateway();
  const { id, webhooks } = await gateway.call<{ id: string; webhooks: Record<string, string> }>(
    'POST',
    '/v1/accounts',
    { connector: name, name, settings: { ...subject.settings, apiBaseUrl: nowhere } },
  );
  const fixtures = subject.fixtures.filter(
    ({ capture, expected }) => expected.kind === 'events' && capture.endpoint in webhooks,
  );
  return { gateway, id, webhooks, fixtures };
}

/** Brings a request to the public listener, whatever host its URL names, and returns the status. */
export async function post(
  gateway: GatewayProcess,
  { url, method, headers, body }: Capture,
): Promise<number> {
  const { pathname, search } = new URL(url);
  const request = { method, headers, body: new Uint8Array(body) };
  const response = await fetch(`${gateway.webhookBase}${pathname}${search}`, request);
  await response.arrayBuffer();
  return response.status;
}
