import { phoneNumber, readJson, z } from 'archway/sdk';

const bodySchema = z.object({
  id: z.string().min(1).max(400),
  from: phoneNumber(),
  to: phoneNumber(),
  text: z.string(),
});

/** What do the bytes mean? */
export function parse(capture, { ownAddresses }) {
  const { success, data } = bodySchema.safeParse(readJson(capture.body));
  if (!success) return { kind: 'unsupported', reason: 'The body is no message in JSON.' };
  const { id, from, to, text } = data;
  const message = {
    kind: 'message',
    key: `message/${id}`,
    channel: 'sms',
    conversation: [from, to].sort().join(' '),
    direction: ownAddresses.includes(from) ? 'outbound' : 'inbound',
    from: { scheme: 'tel', value: from, asReceived: from },
    to: [{ scheme: 'tel', value: to, asReceived: to }],
    text,
    attachments: [],
  };
  return { kind: 'events', events: [message] };
}
