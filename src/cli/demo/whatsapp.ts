import { once } from 'node:events';
import type { Connector, Received, Session } from '../../sdk/index.js';
import { danasPhone, lena } from './people.js';

export const whatsappTexts = [
  'I have sent you the papers for the flat by post.',
  'Got them, thank you. I will call you at half past two.',
] as const;

/**
 * The connector with a session that is played here: WhatsApp's servers cannot be. It commits what a linked device would
 * commit; everything after that is as always.
 */
export function withPlayedSession(connector: Connector): Connector {
  return {
    ...connector,
    async run(session: Session<Record<string, unknown>>): Promise<void> {
      const [first, second] = whatsappTexts;
      await session.emit([received('3EB0DE300001', first, { isOurs: false })]);
      await session.emit([received('3EB0DE300002', second, { isOurs: true })]);
      session.report({ state: 'open' });
      if (!session.signal.aborted) await once(session.signal, 'abort');
    },
  };
}

function received(id: string, text: string, { isOurs }: { readonly isOurs: boolean }): Received {
  const jid = (number: string) => `${number.slice(1)}@s.whatsapp.net`;
  // What Dana writes on her own phone comes with the chat that it belongs to.
  const ends = isOurs ? { from: jid(danasPhone), recipient: jid(lena) } : { from: jid(lena), notify: 'Lena' };
  const body = {
    stanza: { tag: 'message', attrs: { id, ...ends, type: 'text', t: '1795442400' } },
    payload: protobufText(text).toString('base64'),
    message: { conversation: text },
    own: { pn: jid(danasPhone) },
  };
  return {
    endpoint: 'message',
    method: 'SESSION',
    url: 'whatsapp:message',
    headers: { 'content-type': 'application/json' },
    body: Buffer.from(JSON.stringify(body), 'utf8'),
  };
}

/** A `Message` with its first field, which is a plain text. Shorter than 128 bytes, so that its length is one byte. */
function protobufText(text: string): Buffer {
  const bytes = Buffer.from(text, 'utf8');
  return Buffer.concat([Buffer.from([0x0a, bytes.length]), bytes]);
}
