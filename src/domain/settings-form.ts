import { secretNames, z } from '../sdk/index.js';

/** One setting, as a person is asked for it: in a form, or in a table of a document. */
export interface SettingField {
  readonly name: string;
  readonly description: string | null;
  /** Whether it must be given. */
  readonly required: boolean;
  readonly secret: boolean;
  readonly kind: 'text' | 'list' | 'choice' | 'yes-no';
  /** Of a choice: what there is to choose from. */
  readonly choices: readonly string[];
  /** What holds where nothing is given. */
  readonly default: string | null;
}

const propertySchema = z.looseObject({
  description: z.string().optional(),
  type: z.string().optional(),
  enum: z.array(z.unknown()).optional(),
  anyOf: z.array(z.looseObject({ type: z.string().optional() })).optional(),
  default: z.unknown().optional(),
});
const objectSchema = z.looseObject({
  properties: z.record(z.string(), propertySchema).default({}),
  required: z.array(z.string()).default([]),
});

/** The settings of a plugin in the order in which it names them. */
export function fieldsOf(settings: z.ZodObject): SettingField[] {
  const { properties, required } = propertiesOf(settings, 'input');
  // Only here stands the default of a setting whose text is turned into something else.
  const { properties: read } = propertiesOf(settings, 'output');
  const secrets = new Set(secretNames(settings));
  return Object.entries(properties).map(([name, property]) => ({
    name,
    description: property.description ?? null,
    required: required.includes(name),
    secret: secrets.has(name),
    kind: kindOf(property),
    choices: (property.enum ?? []).map(String),
    default: textOf(read[name]?.default ?? property.default),
  }));
}

function propertiesOf(settings: z.ZodObject, io: 'input' | 'output') {
  return objectSchema.parse(z.toJSONSchema(settings, { io, unrepresentable: 'any' }));
}

function textOf(value: unknown): string | null {
  return value === undefined ? null : String(value);
}

function kindOf({ type, enum: choices, anyOf = [] }: z.infer<typeof propertySchema>): SettingField['kind'] {
  if (choices !== undefined) return 'choice';
  const types = [type, ...anyOf.map((each) => each.type)];
  if (types.includes('boolean')) return 'yes-no';
  return types.includes('array') ? 'list' : 'text';
}
