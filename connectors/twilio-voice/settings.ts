import { listOf, phoneNumber, z } from 'archway/sdk';
import { accountShape, apiBaseUrl, settingsOf } from '../../providers/twilio/settings.js';
import { languages, textsIn } from './languages.js';

/** Twilio rings no more at once. https://www.twilio.com/docs/voice/twiml/number */
const forwardToCountMax = 10;
const spokenLengthMax = 1_000;
const off = 'off';

/** Words to be spoken, or the https address of a sound file. */
const spoken = z
  .string()
  .min(1)
  .max(spokenLengthMax)
  .refine((text) => !/^http:/i.test(text), 'must be words, or an address that begins with https://');

const shape = {
  ...accountShape,
  number: phoneNumber().describe("The firm's own number at Twilio."),
  forwardTo: listOf(phoneNumber())
    .refine((numbers) => numbers.length <= forwardToCountMax, `at most ${forwardToCountMax} numbers`)
    .optional()
    .describe('Where the custodian is rung: at most 10 numbers. Left out: callers reach the voicemail.'),
  ring: z
    .enum(['all', 'in-turn'])
    .default('all')
    .describe('Whether all of them ring at once, or one after the other.'),
  language: z
    .enum(languages)
    .default('en-US')
    .describe('In which the notice and the voicemail are spoken, such as de-DE.'),
  notice: spoken
    .optional()
    .describe(
      'That the call is recorded: words, or the https address of a sound file. Left out: our words, in some languages.',
    ),
  voicemail: spoken
    .optional()
    .describe(
      'What is said before the tone: words, or the https address of a sound file; `off` for no voicemail.',
    ),
  apiBaseUrl,
};

/** What an operator gives for one number at Twilio. */
export const settingsSchema = settingsOf(shape).check(({ value, issues }) => {
  const problem = (name: keyof typeof shape, message: string) =>
    issues.push({ code: 'custom', path: [name], message, input: value[name] });
  const { language, notice, voicemail, forwardTo, number } = value;
  const hasWords = textsIn(language) !== undefined;
  if (notice === undefined && !hasWords)
    problem('notice', `is needed: there are no words of ours in ${language}`);
  if (voicemail === undefined && !hasWords) {
    problem('voicemail', `is needed, or "off": there are no words of ours in ${language}`);
  }
  if (voicemail === off && forwardTo === undefined) {
    problem('forwardTo', 'is needed where the voicemail is off, or nobody could be reached');
  }
  if (forwardTo?.includes(number))
    problem('forwardTo', 'must not hold the number itself: it would call itself');
});

export type VoiceSettings = z.infer<typeof settingsSchema>;

/** The firm's own number. */
export function ownAddressesOf({ number }: VoiceSettings): string[] {
  return [number];
}

/** That the call is recorded, in the account's language. */
export function noticeOf({ notice, language }: VoiceSettings): string {
  return notice ?? textsIn(language)?.notice ?? textsIn('en')?.notice ?? '';
}

/** What is said before the tone; undefined where there is no voicemail. */
export function voicemailOf({ voicemail, language }: VoiceSettings): string | undefined {
  if (voicemail === off) return undefined;
  return voicemail ?? textsIn(language)?.voicemail ?? textsIn('en')?.voicemail;
}
