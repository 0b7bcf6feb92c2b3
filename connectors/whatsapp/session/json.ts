import type { proto } from '@whiskeysockets/baileys';
import type { Library } from './library.js';

const options = { bytes: String, longs: String, enums: String };

/** The library's objects as JSON: bytes in base64, 64-bit numbers as decimal strings, enums by name. */
export function asJson(
  message: proto.Message | proto.WebMessageInfo,
  { proto: { Message, WebMessageInfo } }: Library,
): object {
  return message instanceof WebMessageInfo
    ? WebMessageInfo.toObject(message, options)
    : Message.toObject(message as proto.Message, options);
}
