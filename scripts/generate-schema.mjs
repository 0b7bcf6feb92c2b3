// Writes the JSON Schema of the envelope from the compiled code. Run by `npm run generate`, after a build; a test fails when
// the committed file is another. Usage: node scripts/generate-schema.mjs [FILE]
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { envelopeSchema, z } from 'archway/sdk';

const committed = fileURLToPath(new URL('../docs/spec/envelope-v1.schema.json', import.meta.url));
const file = process.argv[2] ?? committed;
writeFileSync(file, `${JSON.stringify(z.toJSONSchema(envelopeSchema), null, 2)}\n`);
