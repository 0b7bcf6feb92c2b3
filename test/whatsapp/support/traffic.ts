import { expect } from 'vitest';
import type { Envelope } from '../../../src/sdk/index.js';
import type { GatewayProcess } from '../../support/gateway-process.js';
import type { Device, Group, Peer, WhatsAppServer } from '../server/index.js';
import { patiently, textsOf } from './account.js';

interface Status {
  readonly captures: { readonly pending: number; readonly quarantined: number };
}

/** People who write to a linked phone, each text once. */
export class WhatsAppTraffic {
  readonly texts: string[] = [];
  readonly robin: Peer;
  readonly group: Group;
  calls = 0;
  #next = 1;

  constructor(
    readonly server: WhatsAppServer,
    readonly device: Device,
  ) {
    this.robin = server.peer({ phone: '+14155550101', pushName: 'Robin' });
    this.group = server.group({ subject: 'Lunch', members: [this.robin, server.phone] });
  }

  /** One of each way in which a message comes, and what is no message. */
  async some(): Promise<void> {
    const { device, robin, group, server } = this;
    await robin.send(device, { conversation: this.#text() });
    await group.send(device, robin, { conversation: this.#text() });
    await server.phone.write(device, robin, { conversation: this.#text() });
    await robin.send(device, { conversation: this.#text() }, { address: 'lid' });
    group.rename(device, robin, `Lunch ${this.#next}`);
    robin.call(device).timeOut();
    this.calls += 1;
  }

  #text(): string {
    const text = `message ${this.#next++}`;
    this.texts.push(text);
    return text;
  }

  /** Everything was acknowledged, each text is one message, and nothing else is claimed to be missing. */
  async expectAllKept(gateway: GatewayProcess): Promise<void> {
    await patiently(() => this.device.unacknowledged.length === 0);
    await patiently(async () => {
      const { captures } = await gateway.call<Status>('GET', '/v1/status');
      return captures.pending === 0;
    });
    const kept = (await textsOf(gateway)).filter((text) => text?.startsWith('message ') === true);
    expect(kept.toSorted()).toEqual(this.texts.toSorted());
    const { captures } = await gateway.call<Status>('GET', '/v1/status');
    expect(captures.quarantined).toBe(0);
    const records = await gateway.list<Envelope>('/v1/records');
    const kinds = records.map(({ skeleton }) => skeleton.kind as string);
    expect(kinds).toContain('message');
    expect(kinds.filter((kind) => ['conflict', 'unsupported'].includes(kind))).toEqual([]);
    // A message that overtook the key of its group has had a gap until it was sent again.
    const gaps = records.flatMap(({ content }) => (content?.kind === 'gap' ? [content] : []));
    const closed = new Set(gaps.flatMap(({ state, about }) => (state === 'closed' ? [about] : [])));
    expect(gaps.filter(({ state, key }) => state === 'open' && !closed.has(key))).toEqual([]);
    expect(this.server.faults).toEqual([]);
  }
}
