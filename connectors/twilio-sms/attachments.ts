import type { EventAttachment } from 'archway/sdk';
import type { Form } from '../../providers/twilio/form.js';

/** Twilio allows ten. */
const mediaCountMax = 100;
const referenceLengthMax = 4_000;
const contentTypeLengthMax = 255;

/** How many attachments the message says it has, at most 100. */
export function mediaCountOf(form: Form): number {
  const claimed = form.get('NumMedia') ?? '';
  return /^\d{1,9}$/.test(claimed) ? Math.min(Number(claimed), mediaCountMax) : 0;
}

/**
 * One attachment for each `MediaUrl{n}`, and one without a reference for each that `NumMedia` counts but no URL names, so
 * that its absence is on record. The names of the fields that were read are added to `placed`.
 */
export function readAttachments(form: Form, messageSid: string, placed: Set<string>): EventAttachment[] {
  const attachments: EventAttachment[] = [];
  const mediaCount = mediaCountOf(form);
  for (let index = 0; index < mediaCountMax; index++) {
    const url = form.get(`MediaUrl${index}`);
    if (index >= mediaCount && url === undefined) break;
    const contentType = form.get(`MediaContentType${index}`);
    placed.add(`MediaUrl${index}`).add(`MediaContentType${index}`);
    attachments.push({
      key: `media/${messageSid}/${index}`,
      ...(url !== undefined && url.length <= referenceLengthMax && { reference: url }),
      ...(contentType !== undefined && contentType.length <= contentTypeLengthMax && { contentType }),
    });
  }
  return attachments;
}
