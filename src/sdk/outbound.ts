import type { Address } from './address.js';
import type { Direction } from './event.js';

/** What a connector can send, declared in its capabilities. */
export interface OutboundCapability {
  /** In UTF-16 code units; a longer text is refused before anything leaves. */
  readonly textLengthMax: number;
  /** How many attachments one message takes; 0: none. */
  readonly mediaMax: number;
  /** A message may answer another one. Default: false. */
  readonly replies?: boolean;
  /** It can react to a message, and take that back. Default: false. */
  readonly reactions?: boolean;
  /** Sending the same `id` twice delivers it once. Then, and only then, a send without an answer is repeated. */
  readonly idempotent: boolean;
  /**
   * `send` needs what the session offers: messages wait until the account's session is open, and leave from its node.
   * Default: false.
   */
  readonly bySession?: boolean;
  /** How many messages an account may send in a second, where its settings say nothing else. */
  readonly messagesPerSecond: number;
}

/** Something to send along: the provider fetches it from `url`, or the connector uploads what `open` gives. */
export interface OutboundMedia {
  readonly contentType: string;
  readonly byteLength: number;
  /** Of the file, where whoever brought it in gave one. */
  readonly name?: string | undefined;
  /** A random, expiring path on the public listener, for this attachment alone. */
  readonly url: string;
  open(): Promise<ReadableStream<Uint8Array>>;
}

/** What somebody asks to send, before it has a sender. */
export interface OutboundRequest {
  /** As it was typed: a number in E.164 form, an address of the channel. */
  readonly to: string;
  readonly mediaCount: number;
  /** Key of the message that this one answers, as `parse` gives it; only with `outbound.replies`. */
  readonly replyTo?: string | undefined;
  /** Key of the message that this is a reaction to, likewise; only with `outbound.reactions`. */
  readonly reactsTo?: string | undefined;
}

/** From whom, to whom and where a message belongs, in the words in which `parse` would tell of it. */
export interface Route {
  readonly from: Address;
  readonly to: Address;
  readonly conversation: string;
  readonly channel: string;
}

export type Routed =
  | { readonly ok: true; readonly route: Route }
  /** What is wrong and what to do, for the one who asked. */
  | { readonly ok: false; readonly reason: string };

/** An earlier message that one which goes out answers or reacts to. */
export interface EarlierMessage {
  /** As `parse` gives it, or `send` gave it as an alias. */
  readonly key: string;
  readonly direction: Direction;
  /** Who wrote it, as its record says. */
  readonly from: Address;
}

export interface OutboundReaction {
  readonly to: EarlierMessage;
  /** Null takes back the reaction that there was. */
  readonly emoji: string | null;
}

export interface OutboundMessage {
  /** UUID of the message: equal on every attempt. Its record has the key `outbound/<id>`. */
  readonly id: string;
  /** From the connector's own `route`, as it stands in the record. */
  readonly from: Address;
  readonly to: Address;
  readonly text: string | undefined;
  /** The message that this one answers. */
  readonly replyTo?: EarlierMessage | undefined;
  /** This is a reaction and no message: it has no text, no media and answers nothing. */
  readonly reaction?: OutboundReaction | undefined;
  readonly media: readonly OutboundMedia[];
  /**
   * Where the provider shall report on this message: the public URL of one of the connector's webhooks, by its name. What
   * the connector adds to it (such as the message's id) is in the capture's `url` when it comes back.
   */
  callbackUrl(endpoint: string): string;
}

/** The provider has taken the message. */
export interface Accepted {
  /** The provider's own id, as it says it. */
  readonly providerId: string;
  /** Keys that `parse` will give to this message when it meets it elsewhere: they all mean `outbound/<id>` from now on. */
  readonly aliases: readonly string[];
}

/** Key of the record of a message that the gateway was asked to send. */
export function outboundKey(id: string): string {
  return `outbound/${id}`;
}

const outboundKeyPattern = /^outbound\/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;

/** The id of the message whose record has this key; undefined for the key of anything else. */
export function outboundIdOf(key: string): string | undefined {
  return outboundKeyPattern.exec(key)?.[1];
}
