import { z } from '@hono/zod-openapi';
import { fieldsOf } from '../../domain/settings-form.js';
import { type Connector, secretNames } from '../../sdk/index.js';
import type { AdminApp, AdminOptions } from './options.js';
import { pageOfAll } from './pagination.js';
import { pageRoute } from './routes.js';
import { originSchema, pageQuery } from './schemas.js';

const connectorSchema = z
  .object({
    id: z.string(),
    title: z.string(),
    version: z.string(),
    origin: originSchema,
    capabilities: z.object({
      events: z.array(z.string()),
      gaps: z.enum(['recoverable', 'detectable', 'undetectable']),
      blindSpots: z.array(z.string()),
    }),
    settings: z
      .record(z.string(), z.unknown())
      .openapi({ description: 'JSON Schema of what an account is given.' }),
    secrets: z.array(z.string()).openapi({ description: 'The settings that are credentials.' }),
    fields: z
      .array(
        z.object({
          name: z.string(),
          description: z.string().nullable(),
          required: z.boolean(),
          secret: z.boolean(),
          kind: z.enum(['text', 'list', 'choice', 'yes-no']),
          choices: z.array(z.string()),
          default: z.string().nullable(),
        }),
      )
      .openapi({ description: 'The settings as a form asks for them.' }),
    endpoints: z.array(z.object({ name: z.string(), purpose: z.string() })),
  })
  .openapi('Connector');

const listRoute = pageRoute({
  path: '/v1/connectors',
  operationId: 'listConnectors',
  summary: 'The connectors that are installed, with what they capture and what they can never see.',
  tags: ['Connectors'],
  query: pageQuery,
  items: 'connectors',
  item: connectorSchema,
});

export function addConnectorRoutes(app: AdminApp, { registry }: AdminOptions): void {
  app.openapi(listRoute, (context) => {
    const installed = registry.connectors.map((connector) =>
      describeConnector(connector, registry.originOf(connector)),
    );
    return context.json(pageOfAll('connectors', installed, context.req.valid('query')), 200);
  });
}

function describeConnector(connector: Connector, origin: string): z.infer<typeof connectorSchema> {
  const { id, title, version, capabilities, settings, webhooks } = connector;
  return {
    id,
    title,
    version,
    origin,
    capabilities: {
      events: [...capabilities.events],
      gaps: capabilities.gaps,
      blindSpots: [...capabilities.blindSpots],
    },
    settings: { ...z.toJSONSchema(settings, { io: 'input', unrepresentable: 'any' }) },
    secrets: secretNames(settings),
    fields: fieldsOf(settings).map((field) => ({ ...field, choices: [...field.choices] })),
    endpoints: Object.entries(webhooks).map(([name, { purpose }]) => ({ name, purpose })),
  };
}
