import type { Capture, Given, Parsed, z } from 'archway/sdk';
import { aliasesOf, aliasOf } from './aliases.js';
import { readCallStanza } from './calls.js';
import * as captures from './captures.js';
import { readContent } from './content.js';
import { bytesOf, fieldsOf } from './fields.js';
import { type Frame, frameOfStanza, surroundingsOf } from './frame.js';
import { closingOf, type GapReason, gapOf, withClosing } from './gaps.js';
import { readNotification } from './groups.js';
import { readHistory } from './history.js';
import { isLid, isNumber } from './jid.js';
import { childrenOf } from './nodes.js';
import { told, unsupported } from './outcome.js';
import { readAck, readReceipt } from './receipts.js';
import { wellFormed } from './text.js';
import { readWire } from './wire.js';

/** Reads the bodies of one endpoint; undefined when they are in another form than the session makes them. */
type EndpointReader = (body: unknown, given: Given) => Parsed | undefined;

function reader<Schema extends z.ZodType>(
  schema: Schema,
  read: (value: z.infer<Schema>, given: Given) => Parsed,
): EndpointReader {
  return (body, given) => {
    const parsed = schema.safeParse(body);
    return parsed.success ? read(parsed.data, given) : undefined;
  };
}

/** What the session commits, by endpoint. */
export const endpoints: Readonly<Record<string, EndpointReader>> = {
  message: reader(captures.messageCaptureSchema, readMessage),
  stanza: reader(captures.stanzaCaptureSchema, readStanza),
  history: reader(captures.historyCaptureSchema, (capture, given) => {
    const { parsed, frame } = readHistory(capture.message, surroundingsOf(capture, given));
    return frame === undefined ? parsed : complete(parsed, frame);
  }),
  mapping: reader(captures.mappingCaptureSchema, ({ lid, pn }) =>
    isLid(lid) && isNumber(pn) ? told(aliasOf(lid, pn)) : unsupported('a mapping between no known names'),
  ),
};

/** Reads one capture of the session. Needs nothing of the library that keeps the connection. */
export function parse(capture: Capture, given: Given): Parsed {
  const read = Object.hasOwn(endpoints, capture.endpoint) ? endpoints[capture.endpoint] : undefined;
  if (read === undefined) return unsupported('an endpoint that is not known here');
  try {
    const body: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(capture.body));
    return wellFormed(read(body, given) ?? unsupported('JSON in another form than the session makes'));
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError)
      return unsupported('the body is not JSON');
    // Nested by its sender until no stack is deep enough.
    if (error instanceof RangeError) return unsupported('a body that is nested too deeply');
    throw error;
  }
}

function readMessage(capture: captures.MessageCapture, given: Given): Parsed {
  const surroundings = surroundingsOf(capture, given);
  const frame = frameOfStanza(capture.stanza.attrs, surroundings);
  if (frame === undefined) return unsupported('a message whose stanza is in no known form');
  const parsed = complete(readContent(capture.message, frame), frame);
  return parsed.kind === 'unsupported' ? unsupported(withFields(parsed.reason, capture.payload)) : parsed;
}

/** Adds the numbers of the fields that the bytes have, by which a type can be looked up that came after this version. */
function withFields(reason: string, payload: string): string {
  const fields = readWire(bytesOf(payload) ?? new Uint8Array(), {})?.unknownFields;
  return Array.isArray(fields) ? `${reason} (fields ${fields.slice(0, 20).join(', ')})` : reason;
}

/** Adds what the capture tells beside its content: that a gap is closed, and which names are one person's. */
function complete(parsed: Parsed, frame: Frame): Parsed {
  const closed = withClosing(parsed, frame);
  if (closed.kind !== 'events') return closed;
  const known = new Set(closed.events.map(({ key }) => key));
  const aliases = aliasesOf(frame.parties).filter(({ key }) => !known.has(key));
  // What follows is then known by both.
  return told(...aliases, ...closed.events);
}

function readStanza(capture: captures.StanzaCapture, given: Given): Parsed {
  const surroundings = surroundingsOf(capture, given);
  const { tag, attrs, content } = capture.node;
  if (tag === 'receipt') return readReceipt(attrs, content, surroundings);
  if (tag === 'call') return readCallStanza(attrs, content, surroundings);
  if (tag === 'notification') return readNotification(attrs, content, surroundings);
  if (tag === 'ack') return readAck(attrs, surroundings);
  if (tag !== 'message') return unsupported('a stanza of a kind that is not known here');
  const frame = frameOfStanza(attrs, surroundings);
  if (frame === undefined) return unsupported('a message whose stanza is in no known form');
  if (capture.recovered === true) return told(closingOf(frame));
  return complete(told(gapOf(frame, reasonOf(capture.failure, content))), frame);
}

/** Why a message came without content that can be read. */
function reasonOf(failure: string | undefined, content: unknown): GapReason {
  if (failure === 'history unavailable') return 'history-missing';
  const children = childrenOf(content);
  const unavailable = children.find(({ tag }) => tag === 'unavailable');
  const type = String(fieldsOf(unavailable?.attrs).type ?? '');
  if (type.startsWith('view_once')) return 'view-once';
  const sealed = children.some(({ tag }) => tag === 'enc');
  return sealed && unavailable === undefined ? 'undecryptable' : 'placeholder';
}
