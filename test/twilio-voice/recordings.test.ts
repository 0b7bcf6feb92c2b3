import { Failure } from 'archway/sdk';
import { describe, expect, it } from 'vitest';
import { parse } from '../../connectors/twilio-voice/parse.js';
import { recordings } from '../../connectors/twilio-voice/recordings.js';
import { settingsSchema } from '../../connectors/twilio-voice/settings.js';
import { captureOf } from '../../connectors/twilio-voice/testing.js';
import type { Parsed } from '../../src/sdk/index.js';
import { IncomingCall, phones } from '../support/phone-calls.js';
import { desk } from '../support/traffic.js';
import { sidOf, TwilioCalls } from '../support/twilio-calls.js';

const call = new IncomingCall('0192f0c1-5b1e-7c00-8000-00000000a001');
const given = { ownAddresses: [desk.number] };

async function found(
  twilio: TwilioCalls,
  legs: readonly string[],
  authToken = desk.authToken,
): Promise<Parsed[]> {
  const { accountSid, number } = desk;
  const settings = { accountSid, authToken, number, forwardTo: phones.join(), apiBaseUrl: twilio.url };
  const context = {
    settings: settingsSchema.parse(settings),
    signal: AbortSignal.timeout(20_000),
    now: () => new Date(),
  };
  const asked = legs.map((key) => ({ key, provider: key.startsWith('call/') ? {} : { CallSid: call.sid } }));
  const items: Parsed[] = [];
  for await (const item of recordings({ legs: asked, direction: 'inbound' }, context)) {
    items.push(parse({ ...captureOf('', ''), ...item, provenance: 'reconciled' }, given));
  }
  return items;
}

describe('the recordings of a call whose report never came', () => {
  it('are listed by the call, over pages, as the report would have told of them', async () => {
    const twilio = await TwilioCalls.open();
    twilio.pageSizeMax = 1;
    call.keepRecordingAt(twilio);
    const [kept] = twilio.recordings;
    if (kept === undefined) throw new Error('There is none.');
    twilio.recordings.push({ ...kept, sid: sidOf('RE', 'second') });
    twilio.recordings.push({ ...kept, sid: sidOf('RE', 'other'), call: sidOf('CA', 'other') });
    const items = await found(twilio, [`call/${call.sid}`, `call/${call.taken}`]);
    expect(items).toHaveLength(2);
    const { url, fields } = call.recorded();
    const webhook = {
      ...captureOf('recording', new URLSearchParams(fields as Record<string, string>).toString()),
      url,
    };
    const told = parse(webhook, given);
    const [event] = told.kind === 'events' ? told.events : [];
    const { key, attachments } = event as { key: string; attachments: unknown };
    expect(items).toContainEqual(
      expect.objectContaining({
        events: [expect.objectContaining({ key, attachments, durationSeconds: 3 })],
      }),
    );
  });

  it('are found by what Twilio said of a call that is known by an id of ours', async () => {
    const twilio = await TwilioCalls.open();
    call.keepRecordingAt(twilio);
    expect(await found(twilio, ['outbound/019aaf3e-7c1d-7a52-b3f4-0c8a5a1e2d3f'])).toHaveLength(1);
  });

  it('are none where Twilio has none', async () => {
    expect(await found(await TwilioCalls.open(), [`call/${call.sid}`])).toEqual([]);
  });

  it('cannot be listed with credentials that Twilio refuses, and that says so', async () => {
    const listed = found(await TwilioCalls.open(), [`call/${call.sid}`], 'wrong');
    await expect(listed).rejects.toThrow(Failure);
    await expect(listed).rejects.toMatchObject({ kind: 'auth' });
  });
});
