import { createHmac, randomBytes } from 'node:crypto';

export const account = {
  accountSid: `AC${'b'.repeat(32)}`,
  authToken: 'a-made-up-token-for-the-benchmark',
  number: '+12025550100',
};

/** Conversations that the traffic is spread over. */
const senders = 5_000;

/** Inbound SMS, signed as Twilio signs them and ready for the wire. Every message is another one. */
export function signedRequests(publicUrl: string, path: string, count: number): Buffer[] {
  const run = randomBytes(6).toString('hex');
  return Array.from({ length: count }, (_, index) => wireRequest(publicUrl, path, fieldsOf(run, index)));
}

function fieldsOf(run: string, index: number): Record<string, string> {
  const sid = `SM${run}${index.toString(16).padStart(20, '0')}`;
  return {
    ToCountry: 'US',
    ToState: 'DC',
    SmsMessageSid: sid,
    NumMedia: '0',
    SmsSid: sid,
    SmsStatus: 'received',
    Body: `Could you call me back about the order from this morning? (${index})`,
    FromCountry: 'US',
    To: account.number,
    NumSegments: '1',
    MessageSid: sid,
    AccountSid: account.accountSid,
    From: `+1202${String(5_550_000 + (index % senders))}`,
    ApiVersion: '2010-04-01',
  };
}

function wireRequest(publicUrl: string, path: string, fields: Record<string, string>): Buffer {
  const body = new URLSearchParams(fields).toString();
  const signed = Object.entries(fields).sort(([left], [right]) => (left < right ? -1 : 1));
  const text = publicUrl + path + signed.map(([name, value]) => name + value).join('');
  const signature = createHmac('sha1', account.authToken).update(text).digest('base64');
  return Buffer.from(
    [
      `POST ${path} HTTP/1.1`,
      'host: archway.example.com',
      'content-type: application/x-www-form-urlencoded; charset=UTF-8',
      'user-agent: TwilioProxy/1.1',
      'accept: */*',
      `x-twilio-signature: ${signature}`,
      `content-length: ${Buffer.byteLength(body)}`,
      '',
      body,
    ].join('\r\n'),
  );
}
