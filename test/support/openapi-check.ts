import { z } from 'zod';

interface Operation {
  readonly security?: readonly unknown[];
  readonly responses: Record<string, { content?: Record<string, { schema: object }> }>;
}

export interface ApiDocument {
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: { readonly schemas: Record<string, object>; readonly securitySchemes: object };
}

/** The operation that a request belongs to; a template's `{id}` stands for one segment. Literal paths come first. */
export function findOperation(document: ApiDocument, method: string, path: string): Operation | undefined {
  const templates = Object.keys(document.paths).sort(
    (left, right) => Number(left.includes('{')) - Number(right.includes('{')),
  );
  const template = templates.find((each) =>
    new RegExp(`^${each.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(path),
  );
  return template === undefined ? undefined : document.paths[template]?.[method.toLowerCase()];
}

/** What in a response is not as the document promises; empty when all is. */
export function deviations(
  document: ApiDocument,
  operation: Operation,
  response: { status: number; contentType: string; body: unknown },
): string[] {
  const documented = operation.responses[String(response.status)];
  if (documented === undefined) return [`The status ${response.status} is not documented.`];
  const mediaType = response.contentType.split(';')[0] as string;
  const media = documented.content?.[mediaType];
  if (media === undefined) return [`The media type ${mediaType} of ${response.status} is not documented.`];
  const result = schemaOf(document, media.schema).safeParse(response.body);
  return result.success
    ? []
    : result.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
}

const known = new WeakMap<object, z.ZodType>();

function schemaOf(document: ApiDocument, schema: object): z.ZodType {
  const cached = known.get(schema);
  if (cached !== undefined) return cached;
  const whole = closed(
    JSON.parse(
      JSON.stringify({ ...schema, $defs: document.components.schemas }).replaceAll(
        '#/components/schemas/',
        '#/$defs/',
      ),
    ),
  );
  const made = z.fromJSONSchema(whole as Parameters<typeof z.fromJSONSchema>[0]);
  known.set(schema, made);
  return made;
}

/** Closes every object that the document leaves open, so that a field which the document does not know is found. */
function closed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(closed);
  if (typeof value !== 'object' || value === null) return value;
  const mapped = Object.fromEntries(Object.entries(value).map(([key, item]) => [key, closed(item)]));
  const isOpen =
    mapped.type === 'object' && mapped.properties !== undefined && mapped.additionalProperties === undefined;
  return isOpen ? { ...mapped, additionalProperties: false } : mapped;
}
