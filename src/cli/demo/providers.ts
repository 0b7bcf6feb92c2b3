import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What the gateway asks of Twilio and Telegram on that day, played on this machine. */
export interface PlayedProviders {
  readonly url: string;
  close(): void;
}

export async function playProviders(): Promise<PlayedProviders> {
  let webhookUrl = '';
  const server = createServer(async (request, response) => {
    const path = request.url ?? '';
    const json = (body: object) =>
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    if (path.includes('/Media/'))
      return response.writeHead(200, { 'content-type': 'image/jpeg' }).end(picture);
    if (/\/Recordings\/RE/.test(path))
      return response.writeHead(200, { 'content-type': 'audio/x-wav' }).end(twoVoices());
    if (!path.startsWith('/bot'))
      return json({ messages: [], calls: [], recordings: [], next_page_uri: null });
    let body = '';
    for await (const chunk of request) body += String(chunk);
    if (path.endsWith('/setWebhook')) webhookUrl = (JSON.parse(body) as { url: string }).url;
    if (path.endsWith('/getWebhookInfo'))
      return json({ ok: true, result: { url: webhookUrl, pending_update_count: 0 } });
    return json({ ok: true, result: true });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** The beginning of a JPEG; enough to be told apart from nothing. */
const picture = Buffer.from('ffd8ffe000104a46494600010100000100010000ffd9', 'hex');

const sampleRate = 8_000;

/** One second of a call, 16 bit, each side on a channel of its own: two tones. */
function twoVoices(): Buffer {
  const samples = Buffer.alloc(sampleRate * 4);
  for (let index = 0; index < sampleRate; index += 1) {
    const tone = (hertz: number) => Math.round(8_000 * Math.sin((2 * Math.PI * hertz * index) / sampleRate));
    samples.writeInt16LE(tone(440), index * 4);
    samples.writeInt16LE(tone(330), index * 4 + 2);
  }
  const head = Buffer.alloc(44);
  head.write('RIFF', 0, 'latin1');
  head.writeUInt32LE(36 + samples.length, 4);
  head.write('WAVEfmt ', 8, 'latin1');
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(2, 22);
  head.writeUInt32LE(sampleRate, 24);
  head.writeUInt32LE(sampleRate * 4, 28);
  head.writeUInt16LE(4, 32);
  head.writeUInt16LE(16, 34);
  head.write('data', 36, 'latin1');
  head.writeUInt32LE(samples.length, 40);
  return Buffer.concat([head, samples]);
}
