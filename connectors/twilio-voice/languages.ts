import type VoiceResponse from 'twilio/lib/twiml/VoiceResponse.js';

type Language = NonNullable<VoiceResponse.SayAttributes['language']>;

/** What Twilio can speak, as its library knows them: https://www.twilio.com/docs/voice/twiml/say/text-speech */
export const languages = [
  ...([
    'af-ZA',
    'am-ET',
    'ar-AE',
    'ar-XA',
    'arb',
    'bg-BG',
    'bn-IN',
    'ca-ES',
    'cmn-CN',
    'cmn-TW',
    'cs-CZ',
  ] as const),
  ...([
    'cy-GB',
    'da-DK',
    'de-AT',
    'de-DE',
    'el-GR',
    'en-AU',
    'en-CA',
    'en-GB',
    'en-GB-WLS',
    'en-IE',
    'en-IN',
  ] as const),
  ...([
    'en-NZ',
    'en-US',
    'en-ZA',
    'es-ES',
    'es-MX',
    'es-US',
    'fi-FI',
    'fil-PH',
    'fr-BE',
    'fr-CA',
    'fr-FR',
  ] as const),
  ...([
    'gu-IN',
    'he-IL',
    'hi-IN',
    'hu-HU',
    'id-ID',
    'is-IS',
    'it-IT',
    'ja-JP',
    'kn-IN',
    'ko-KR',
    'lv-LV',
  ] as const),
  ...([
    'ml-IN',
    'mr-IN',
    'ms-MY',
    'nb-NO',
    'nl-BE',
    'nl-NL',
    'pa-IN',
    'pl-PL',
    'pt-BR',
    'pt-PT',
    'ro-RO',
  ] as const),
  ...([
    'ru-RU',
    'sk-SK',
    'sr-RS',
    'sv-SE',
    'ta-IN',
    'te-IN',
    'th-TH',
    'tr-TR',
    'uk-UA',
    'vi-VN',
    'yue-HK',
  ] as const),
  ...(['zh-CN', 'zh-HK', 'zh-TW'] as const),
] as const satisfies readonly Language[];

interface Texts {
  /** That the call is recorded; said before anything is. */
  readonly notice: string;
  /** That nobody can come; said before the tone. */
  readonly voicemail: string;
}

/** By the first part of the language. For the others the operator writes both. */
const texts: Readonly<Record<string, Texts>> = {
  de: {
    notice: 'Dieses Gespräch wird aufgezeichnet.',
    voicemail: 'Zurzeit ist niemand erreichbar. Bitte hinterlassen Sie nach dem Ton eine Nachricht.',
  },
  en: {
    notice: 'This call is recorded.',
    voicemail: 'Nobody can take your call at the moment. Please leave a message after the tone.',
  },
  es: {
    notice: 'Esta llamada se graba.',
    voicemail: 'En este momento no podemos atenderle. Deje su mensaje después de la señal.',
  },
  fr: {
    notice: 'Cet appel est enregistré.',
    voicemail: 'Personne ne peut vous répondre pour le moment. Veuillez laisser un message après le signal.',
  },
  it: {
    notice: 'Questa chiamata viene registrata.',
    voicemail: 'Al momento nessuno può rispondere. Lasci un messaggio dopo il segnale.',
  },
  nl: {
    notice: 'Dit gesprek wordt opgenomen.',
    voicemail: 'Er kan op dit moment niemand opnemen. Spreek na de toon een bericht in.',
  },
  pl: {
    notice: 'Ta rozmowa jest nagrywana.',
    voicemail: 'W tej chwili nikt nie może odebrać. Prosimy zostawić wiadomość po sygnale.',
  },
  pt: {
    notice: 'Esta chamada é gravada.',
    voicemail: 'De momento ninguém pode atender. Deixe a sua mensagem após o sinal.',
  },
};

/** What is said where the settings say nothing else; undefined for a language that we have no words in. */
export function textsIn(language: string): Texts | undefined {
  return texts[language.split('-', 1)[0] ?? ''];
}
