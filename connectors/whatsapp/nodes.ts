import { bytesOf, type Fields, fieldsOf, listOf, textOf } from './fields.js';

/** One element of WhatsApp's binary XML, as it stands in a capture: bytes are `{ "base64": … }`. */
export interface Node {
  readonly tag: string;
  readonly attrs: Fields;
  readonly content: unknown;
}

export function nodeOf(value: unknown): Node | undefined {
  const { tag, attrs, content } = fieldsOf(value);
  return typeof tag === 'string' ? { tag, attrs: fieldsOf(attrs), content } : undefined;
}

export function childrenOf(content: unknown): Node[] {
  return listOf(content).flatMap((each) => nodeOf(each) ?? []);
}

/** The text in an element, whichever way it stands there. */
export function textIn(content: unknown): string | undefined {
  const bytes = bytesOf(fieldsOf(content).base64);
  return textOf(content) ?? (bytes === undefined ? undefined : textOf(Buffer.from(bytes).toString('utf8')));
}
