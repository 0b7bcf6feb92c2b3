/** Calls as their events tell them, for tests of the call log. All times are of one morning. */

type Event = Record<string, unknown>;

export const address = (value: string) => ({ scheme: 'tel', value, asReceived: value });
export const office = address('+12025550100');
const carol = address('+12025550123');
const mobile = address('+12025550145');
const deskPhone = address('+12025550146');

export const at = (seconds: number) => new Date(Date.UTC(2026, 10, 23, 9, 30, seconds)).toISOString();
const claimed = (seconds: number) => ({ occurredAt: { at: at(seconds), granularity: 'second' } });
const voice = { kind: 'call', channel: 'voice' };
const between = '+12025550100 +12025550123';

/** One thing about one leg: `leg(…)('ringing', 3)` happened 3 seconds into the story. */
function leg(about: string, common: Event) {
  return (status: string, seconds: number, given: Event = {}): Event => ({
    ...voice,
    ...common,
    about,
    key: `${about}/${status}`,
    status,
    ...claimed(seconds),
    ...given,
  });
}

const inward = { direction: 'inbound', from: carol, conversation: between };

/** Carol calls the office; two phones of the custodian ring, the second one is taken. */
export function answeredStory(name: string): Event[] {
  const root = leg(`call/${name}`, { ...inward, to: [office] });
  const forwarded = { direction: 'inbound', from: carol, parent: `call/${name}` };
  const first = leg(`call/${name}-1`, { ...forwarded, to: [mobile] });
  const second = leg(`call/${name}-2`, { ...forwarded, to: [deskPhone] });
  return [
    root('ringing', 0, {
      answeredBy: 'gateway',
      callerName: 'CAROL C',
      forwardedFrom: address('+12025550177'),
      routing: { verification: 'TN-Validation-Passed-A' },
    }),
    root('in-progress', 1),
    first('ringing', 6, { providerSequence: 1 }),
    second('ringing', 6, { providerSequence: 1 }),
    second('in-progress', 11, { providerSequence: 2 }),
    first('canceled', 11, { providerSequence: 2 }),
    second('completed', 61, { providerSequence: 3, durationSeconds: 50, routing: { sipCode: '200' } }),
    root('completed', 62, { durationSeconds: 61, providerSequence: 3 }),
    {
      kind: 'recording',
      key: `recording/${name}/completed`,
      about: `call/${name}`,
      channel: 'voice',
      status: 'completed',
      durationSeconds: 50,
      channels: 2,
      attachments: [{ key: `media/${name}`, reference: `media:${name}`, contentType: 'audio/wav' }],
    },
  ];
}

/** Carol calls, nobody comes, and she leaves a message. */
export function voicemailStory(name: string): Event[] {
  const root = leg(`call/${name}`, { ...inward, to: [office] });
  const child = leg(`call/${name}-1`, {
    ...{ direction: 'inbound', from: carol, to: [mobile], parent: `call/${name}` },
  });
  return [
    root('ringing', 0, { answeredBy: 'gateway' }),
    child('ringing', 5),
    child('no-answer', 30),
    root('completed', 50),
    {
      kind: 'recording',
      key: `recording/${name}/completed`,
      about: `call/${name}`,
      channel: 'voice',
      status: 'completed',
      voicemail: true,
      durationSeconds: 15,
      channels: 1,
      attachments: [{ key: `media/${name}`, reference: `media:${name}`, contentType: 'audio/wav' }],
    },
  ];
}

/** The gateway is asked to call Carol for the custodian, whose mobile rings first. */
export function requestedStory(name: string): { own: Event[]; alias: string; told: Event[] } {
  const key = `outbound/${name}`;
  const own = {
    ...{ ...voice, direction: 'outbound', from: office, to: [carol], forwardedTo: [mobile] },
    conversation: between,
  };
  const first = leg(`call/${name}`, { direction: 'outbound', from: office, to: [mobile] });
  const second = leg(`call/${name}-1`, {
    ...{ direction: 'outbound', from: office, to: [carol], parent: `call/${name}`, conversation: between },
  });
  return {
    alias: `call/${name}`,
    own: [
      { ...own, key, status: 'requested' },
      { ...own, key: `${key}/accepted`, about: key, status: 'accepted' },
    ],
    told: [
      first('initiated', 0),
      first('ringing', 1),
      first('in-progress', 5),
      second('ringing', 10),
      second('in-progress', 17),
      second('completed', 77, { durationSeconds: 60 }),
      first('completed', 78),
    ],
  };
}
