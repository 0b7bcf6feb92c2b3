/** What a body says in JSON; undefined when it is no JSON in UTF-8. Never throws. What comes out is unknown: give it to a schema. */
export function readJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return undefined;
    throw error;
  }
}
