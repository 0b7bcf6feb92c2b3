import { countOf, type Fields, inner, instantOf, isFields, listOf, textOf, textsOf } from './fields.js';

/**
 * Content that is no text is said in words, so that a reviewer reads it where texts are read: what a person saw, line by
 * line. Undefined where it has no words.
 */
export function inWords(field: string, value: Fields): string | undefined {
  const say = Object.hasOwn(sayings, field) ? sayings[field] : undefined;
  const lines = say === undefined ? visible(value) : say(value);
  return lines.length === 0 ? undefined : lines.join('\n');
}

type Saying = (value: Fields) => string[];

const texts = (...values: unknown[]) => values.flatMap((value) => textOf(value) ?? []);

function place({ degreesLatitude: latitude, degreesLongitude: longitude }: Fields): string[] {
  return typeof latitude === 'number' && typeof longitude === 'number' ? [`${latitude}, ${longitude}`] : [];
}

const location: Saying = (value) => [...texts(value.name, value.address, value.comment), ...place(value)];

/** Name and numbers; the whole card stands among the details. */
const contact: Saying = ({ displayName, vcard }) => {
  const numbers = [...(textOf(vcard) ?? '').matchAll(/^(?:[\w-]+\.)?TEL[^:\r\n]*:([^\r\n]+)$/gim)];
  return [...texts(displayName), ...numbers.map(([, number = '']) => number.trim())];
};

const poll: Saying = ({ name, options }) => [
  ...texts(name),
  ...listOf(options).flatMap(({ optionName }) => texts(optionName).map((option) => `- ${option}`)),
];

const pollResult: Saying = ({ name, pollVotes }) => [
  ...texts(name),
  ...listOf(pollVotes).map(
    ({ optionName, optionVoteCount }) => `- ${texts(optionName).join('')}: ${countOf(optionVoteCount) ?? 0}`,
  ),
];

const event: Saying = (value) => [
  ...texts(value.name, value.description),
  ...(instantOf(value.startTime) === undefined ? [] : [`From ${instantOf(value.startTime)}`]),
  ...(instantOf(value.endTime) === undefined ? [] : [`Until ${instantOf(value.endTime)}`]),
  ...location(inner(value, 'location')),
  ...texts(value.joinLink),
  ...(value.isCanceled === true || value.isCanceled === '1' ? ['Canceled'] : []),
];

/** Amounts are in thousandths of the currency. */
function amount(thousandths: unknown, currency: unknown): string[] {
  const count = countOf(thousandths);
  return count === undefined ? [] : [`${(count / 1_000).toFixed(2)} ${textOf(currency) ?? ''}`.trim()];
}

const sayings: Readonly<Record<string, Saying>> = {
  locationMessage: location,
  liveLocationMessage: (value) => [...texts(value.caption), ...place(value)],
  contactMessage: contact,
  contactsArrayMessage: (value) => [...texts(value.displayName), ...listOf(value.contacts).flatMap(contact)],
  pollCreationMessage: poll,
  pollCreationMessageV2: poll,
  pollCreationMessageV3: poll,
  pollCreationMessageV5: poll,
  pollResultSnapshotMessage: pollResult,
  pollResultSnapshotMessageV3: pollResult,
  eventMessage: event,
  groupInviteMessage: (value) => texts(value.groupName, value.caption, value.groupJid),
  orderMessage: (value) => [
    ...texts(value.orderTitle, value.message),
    ...amount(value.totalAmount1000, value.totalCurrencyCode),
  ],
  requestPaymentMessage: (value) => [
    ...amount(value.amount1000, value.currencyCodeIso4217),
    ...visible(value),
  ],
  listResponseMessage: (value) => [
    ...texts(value.title, value.description),
    ...texts(inner(value, 'singleSelectReply').selectedRowId),
  ],
  buttonsResponseMessage: (value) => [...texts(value.selectedDisplayText ?? value.selectedButtonId)],
  templateButtonReplyMessage: (value) => [...texts(value.selectedDisplayText ?? value.selectedId)],
  albumMessage: (value) => [
    `Album: ${countOf(value.expectedImageCount) ?? 0} images, ${countOf(value.expectedVideoCount) ?? 0} videos`,
  ],
  requestPhoneNumberMessage: () => ['Asks for the phone number'],
  scheduledCallCreationMessage: (value) => [
    ...texts(value.title),
    ...texts(instantOf(Math.floor((countOf(value.scheduledTimestampMs) ?? 0) / 1_000))),
  ],
};

/** Names of fields that hold what a person reads, in the objects of businesses and of whatever comes next. */
const readable = new Set([
  ...['text', 'title', 'subtitle', 'name', 'body', 'caption', 'note', 'message', 'description', 'content'],
  ...['contentText', 'footerText', 'footer', 'buttonText', 'displayText', 'hydratedTitleText'],
  ...['hydratedContentText', 'hydratedFooterText', 'selectedDisplayText', 'url', 'phoneNumber', 'paramsJson'],
  ...['buttonParamsJson', 'headerText', 'orderTitle', 'groupName', 'newsletterName', 'publisher', 'params'],
  ...['conversation', 'messageText', 'codeContent', 'label', 'displayName', 'packDescription', 'options'],
  ...['optionName', 'productId', 'businessOwnerJid', 'deeplinkPayload', 'elementName'],
]);

const passedOver = new Set(['contextInfo', 'quotedMessage', 'messageContextInfo']);
const depthMax = 10;
const linesMax = 500;

/** Every text in fields that a person reads, in their order, each once. */
function visible(value: Fields): string[] {
  const lines: string[] = [];
  read(value, 0, lines);
  return [...new Set(lines)].slice(0, linesMax);
}

function read(value: Fields, depth: number, lines: string[]): void {
  if (depth > depthMax || lines.length > linesMax) return;
  // The address of a file is no text that anybody reads.
  const isFile = value.mediaKey !== undefined || value.directPath !== undefined;
  for (const [name, each] of Object.entries(value)) {
    if (passedOver.has(name) || (isFile && name === 'url')) continue;
    if (readable.has(name)) lines.push(...texts(each), ...textsOf(each));
    if (isFields(each)) read(each, depth + 1, lines);
    else for (const item of listOf(each)) read(item, depth + 1, lines);
  }
}
